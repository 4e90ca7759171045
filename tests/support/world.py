"""A small world under test: a journal, a book and a chain that tell one story, each moved on when the test says so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
from eth_account import Account

from abis import calls, campaign_address
from abis.certificates import content_hash_of
from abis.hashing import keccak
from chain_indexer.ahead import ManyHands
from chain_indexer.indexer import Indexer
from chain_indexer.node import Node
from chain_indexer.ranges import RANGES_AHEAD_MAX
from chain_indexer.store import IndexerStore
from domain import commands as c
from domain.campaign import (
    CampaignApproved,
    CampaignClosed,
    CampaignPaused,
    CampaignResumed,
    ChangeApproved,
    ReleaseApproved,
)
from domain.company import (
    CompanyReinstated,
    CompanySuspended,
    ExclusivityLocked,
    ExclusivityReleased,
    KybApproved,
    KybRenewed,
    WalletRotated,
)
from domain.handlers import decide
from domain.investment import (
    Acknowledgement,
    CertificateReissued,
    CertificateRevoked,
    InvestmentFunded,
    RefundOrdered,
    SharesAllotted,
    TransferApproved,
)
from domain.journal import Actor, CommandKey, Entry, Envelope, JournalReader, Ledger
from domain.processes import Settlement
from domain.progress import Progress
from domain.rule_packs import load_packs
from domain.store import ProcessStore
from domain.topics import codec
from domain.values import WEI, Terms
from ops.demo.plan import Commitment, Offering, plan
from ops.reconcile import Difference, Reconciliation, reconcile
from ops.settings import Settings
from projections.runner import Runner
from projections.store import BookStore
from tests.support.chain import ChainAtHand
from tests.support.roles import as_room
from tests.support.wallets import signed

ACKNOWLEDGEMENT = sha256(b"risks").hexdigest()
STRANGER = "0x" + "5a" * 32
SIGNER_FILE = Path("keys", "lane-0.key")


def call_of(entry: Entry) -> bytes | None:  # noqa: PLR0911  # one for each obligation
    """The call that the writer makes because of an entry."""
    leaf, stream = entry.leaf, entry.stream
    match entry.event:
        case KybApproved(wallet=wallet, documents_hash=documents):
            return calls.register(company_id=stream, wallet=wallet, documents_hash=bytes.fromhex(documents), entry=leaf)
        case CampaignApproved(company_id=company_id, terms=terms, terms_hash=terms_hash):
            return calls.create_campaign(
                campaign_id=stream,
                company_id=company_id,
                funding_goal=terms.funding_goal,
                threshold=terms.threshold,
                cap=terms.cap,
                duration_s=terms.duration_s,
                asset=calls.NATIVE if terms.currency == WEI else calls.FIAT,
                terms_hash=bytes.fromhex(terms_hash),
                entry=leaf,
            )
        case InvestmentFunded(wallet=wallet, amount=amount, shares=shares):
            return calls.record_investments([calls.InvestmentMember(stream, wallet, amount, shares, leaf)])
        case CampaignClosed(outcome=outcome, raised=raised):
            return calls.close(successful=outcome == "successful", raised=raised, entry=leaf)
        case SharesAllotted(campaign_id=campaign_id, wallet=wallet, shares=shares):
            content = content_hash_of(investment_id=stream, campaign_id=campaign_id, shares=shares, entry=leaf)
            member = calls.CertificateMember(stream, campaign_id, wallet, shares, content, leaf)
            return calls.issue_certificates([member])
        case ReleaseApproved(release_id=release_id, wallet=wallet, amount=amount, fee=fee):
            return calls.record_release(
                campaign_id=stream, release_id=release_id, issuer=wallet, amount=amount, fee=fee, entry=leaf
            )
        case RefundOrdered(campaign_id=campaign_id, wallet=wallet, amount=amount):
            return calls.record_refunds([calls.RefundMember(campaign_id, stream, wallet, amount, leaf)])
        case CertificateRevoked() | CertificateReissued() | TransferApproved():
            return _change(entry, entry.event)
        case _:
            return _revision(entry)


def _revision(entry: Entry) -> bytes | None:  # noqa: PLR0911  # one for each obligation
    """What may come again for one company or campaign, each time under the version of its event."""
    stream = entry.stream
    said: dict[str, Any] = {"revision": entry.version, "entry": entry.leaf}
    match entry.event:
        case (
            KybRenewed(wallet=wallet, documents_hash=documents)
            | WalletRotated(wallet=wallet, documents_hash=documents, registered=True)
        ):
            return calls.update(company_id=stream, wallet=wallet, documents_hash=bytes.fromhex(documents), **said)
        case CompanySuspended() | CompanyReinstated():
            return calls.set_active(company_id=stream, active=isinstance(entry.event, CompanyReinstated), **said)
        case ExclusivityLocked(campaign_id=campaign_id):
            return calls.lock(company_id=stream, campaign_id=campaign_id, **said)
        case ExclusivityReleased(campaign_id=campaign_id):
            return calls.unlock(company_id=stream, campaign_id=campaign_id, **said)
        case CampaignPaused() | CampaignResumed():
            return calls.set_paused(paused=isinstance(entry.event, CampaignPaused), **said)
        case ChangeApproved(new_deadline_s=int(deadline_s)):
            return calls.set_deadline(deadline_s=deadline_s, **said)
        case _:
            return None


def _change(entry: Entry, event: CertificateRevoked | CertificateReissued | TransferApproved) -> bytes:
    said: dict[str, Any] = {
        "change_id": event.change_id,
        "investment_id": entry.stream,
        "evidence": bytes.fromhex(event.evidence),
        "entry": entry.leaf,
    }
    match event:
        case CertificateRevoked():
            return calls.revoke_certificate(**said)
        case CertificateReissued(wallet=holder):
            return calls.reissue_certificate(holder=holder, **said)
        case TransferApproved(new_wallet=receiver):
            return calls.approve_transfer(to=receiver, **said)


class World:
    """A journal and a chain with a small story between them; what is obliged is posted when the test says so."""

    def __init__(self, database: str, chain: ChainAtHand, home: Path, opened: ExitStack) -> None:
        self.chain = chain
        self.database = database
        self.succeeding, self.failing = plan(run_id="run", investors=3).offerings
        generation_file = home / "generation.json"
        chain.generation.save(generation_file)
        (home / SIGNER_FILE).parent.mkdir()
        (home / SIGNER_FILE).write_text(chain.signer_key)
        self.settings = Settings(
            database_url=database,
            rpc_url=chain.url,
            home=home,
            local=True,
            generation_file=generation_file,
            finality_depth=0,
        )
        self.reader = opened.enter_context(closing(JournalReader(as_room(database, "api"), codec=codec())))
        self.ledger = self._ledger("api", opened)
        self._indexing = opened.enter_context(ExitStack())
        self._indexer = self._new_indexer()
        processes_dsn = as_room(database, "processes")
        self._settlement = Settlement(
            opened.enter_context(closing(JournalReader(processes_dsn, codec=codec()))),
            opened.enter_context(closing(ProcessStore(processes_dsn))),
            self._ledger("processes", opened),
        )
        book_dsn = as_room(database, "book")
        self._runner = Runner(
            opened.enter_context(closing(JournalReader(book_dsn, codec=codec()))),
            opened.enter_context(closing(BookStore(book_dsn))),
        )
        self._posted = 0

    def _new_indexer(self) -> Indexer:
        dsn, opened = as_room(self.database, "indexer"), self._indexing
        return Indexer(
            node=opened.enter_context(closing(Node(self.chain.url))),
            store=opened.enter_context(closing(IndexerStore(dsn))),
            ledger=self._ledger("indexer", opened),
            reader=opened.enter_context(closing(JournalReader(dsn, codec=codec()))),
            generation=self.chain.generation,
            finality_depth=0,
            hands=opened.enter_context(closing(ManyHands(RANGES_AHEAD_MAX))),
            audit_percent=100,
        )

    def _ledger(self, room: str, opened: ExitStack) -> Ledger:
        ledger = Ledger(
            as_room(self.database, room),
            codec=codec(),
            decide=decide,
            packs=load_packs(["local", "local-coin"]),
            clock=lambda: datetime.now(UTC),
        )
        opened.callback(ledger.close)
        ledger.start()
        return ledger

    # What people do.

    def give(self, role: str, command: c.Command, *, person: str | None = None) -> None:
        self.ledger.handle(
            Envelope(
                command=command,
                actor=Actor(person or role, role),
                key=CommandKey("test", uuid4().hex),
                fingerprint=bytes(32),
                correlation_id=uuid4(),
            )
        )

    def register(self, offering: Offering) -> None:
        self.give("issuer", c.RegisterCompany(**offering.company))
        for document in offering.documents:
            attach = msgspec.convert({"company_id": offering.company_id, **document}, c.AttachDocument)
            self.give("issuer", attach)
            approve = c.ApproveDocument(company_id=offering.company_id, document_id=attach.document_id)
            self.give("compliance", approve)
        self.give("issuer", c.SubmitKyb(company_id=offering.company_id))
        state, _ = self.ledger.load(offering.company_id) or (None, 0)
        approve_kyb = c.ApproveKyb(company_id=offering.company_id, documents_hash=state.documents_hash)
        self.give("compliance", approve_kyb)

    def open(self, offering: Offering) -> None:
        terms = msgspec.convert(offering.terms, Terms)
        campaign = {"campaign_id": offering.campaign_id}
        draft = c.DraftCampaign(**campaign, company_id=offering.company_id, title=offering.title, terms=terms)
        self.give("issuer", draft)
        self.give("issuer", c.SubmitCampaign(**campaign))
        state, _ = self.ledger.load(offering.campaign_id) or (None, 0)
        self.give("compliance", c.ApproveCampaign(**campaign, terms_hash=state.terms_hash))

    def invest(self, offering: Offering, commitment: Commitment) -> None:
        self.commit(offering, commitment)
        self.pay(offering, commitment)

    def commit(self, offering: Offering, commitment: Commitment) -> None:
        investor = commitment.investor
        self.give("investor", c.RegisterInvestor(investor_id=investor.id, reference=investor.name))
        asked = c.ChallengeWallet(
            investor_id=investor.id, wallet=investor.wallet, nonce="one", domain="Tandem", chain_id=100
        )
        self.give("investor", asked)
        state, _ = self.ledger.load(investor.id) or (None, 0)
        signature = signed(investor.id, state.challenge, key=investor.key, scheme="eip712")
        bind = c.BindWallet(investor_id=investor.id, nonce="one", scheme="eip712", signature=signature)
        self.give("investor", bind)
        self.give("compliance", c.ApproveKyc(investor_id=investor.id, level="basic"))
        commit = c.CommitInvestment(
            investment_id=commitment.investment_id,
            campaign_id=offering.campaign_id,
            investor_id=investor.id,
            amount=commitment.amount,
            acknowledgements=(Acknowledgement("risk", ACKNOWLEDGEMENT),),
        )
        self.give("investor", commit)

    def pay(self, offering: Offering, commitment: Commitment) -> None:
        payment = c.RecordPayment(
            investment_id=commitment.investment_id,
            provider="bank",
            reference=str(commitment.investment_id),
            amount=commitment.amount,
            currency=offering.terms["currency"],
        )
        self.give("treasury_maker", payment)

    def change_certificate(self, commitment: Commitment, *, kind: str, wallet: str | None = None) -> None:
        """Asked for by one person and approved by another."""
        names = {"investment_id": commitment.investment_id, "change_id": uuid4()}
        decided = {"kind": kind, "wallet": wallet, "reason": "a judgement", "evidence": "ee" * 32}
        self.give("compliance", c.RequestCertificateChange(**names, **decided))
        self.give("compliance", c.ApproveCertificateChange(**names), person="second")

    def transfer(self, commitment: Commitment, *, key: str, to: str) -> None:
        """The holder's own transfer of a certificate."""
        holder = bytes.fromhex(Account.from_key(key).address[2:]).rjust(32, b"\0")
        receiver = bytes.fromhex(to[2:]).rjust(32, b"\0")
        data = calls.selector("transferFrom(address,address,uint256)") + holder + receiver
        data += commitment.investment_id.int.to_bytes(32, "big")
        receipt = self.chain.send(self.chain.generation.addresses["NFTShareCertificate"], data, key=key)
        assert int(receipt["status"], 16) == 1

    # What the house does.

    def post(self) -> None:
        """Make every call that is obliged and not made yet."""
        for entry in self.reader.read(after=self._posted, limit=1_000):
            self._posted = entry.position
            data = call_of(entry)
            if data is not None:
                assert int(self.chain.send(self.contract_of(entry), data)["status"], 16) == 1

    def contract_of(self, entry: Entry) -> str:
        addresses = self.chain.generation.addresses
        match entry.event:
            case InvestmentFunded(campaign_id=campaign_id):
                return campaign_address(self.chain.generation, campaign_id)
            case CampaignClosed() | CampaignPaused() | CampaignResumed() | ChangeApproved():
                return campaign_address(self.chain.generation, entry.stream)
            case _ if entry.topic.startswith("company."):
                return addresses["IssuerRegistry"]
            case CampaignApproved():
                return addresses["CampaignFactory"]
            case SharesAllotted() | CertificateRevoked() | CertificateReissued() | TransferApproved():
                return addresses["NFTShareCertificate"]
            case _:
                return addresses["FundEscrow"]

    def index(self) -> None:
        _exhaust(self._indexer.step)

    def index_anew(self) -> None:
        """Another indexer, which remembers nothing, reads the whole chain."""
        self._indexing.close()
        with psycopg.connect(self.database, autocommit=True) as owner:
            owner.execute(
                "TRUNCATE indexer.checkpoint, indexer.headers, indexer.logs, indexer.foreign_logs, indexer.children"
            )
        self._indexer = self._new_indexer()
        self.index()

    def settle(self) -> None:
        _exhaust(self._settlement.step)

    def project(self) -> None:
        _exhaust(self._runner.step)

    def go_on(self) -> None:
        """Post, confirm, and let the processes react."""
        self.post()
        self.index()
        self.settle()

    # Ready-made beginnings.

    def open_both(self) -> None:
        for offering in (self.succeeding, self.failing):
            self.register(offering)
        self.go_on()
        for offering in (self.succeeding, self.failing):
            self.open(offering)
        self.go_on()

    def close_both(self) -> None:
        """Both campaigns closed on the chain: certificates are allotted and refunds ordered, but none is posted."""
        self.open_both()
        for offering in (self.succeeding, self.failing):
            for commitment in offering.commitments:
                self.invest(offering, commitment)
        self.go_on()
        for offering in (self.succeeding, self.failing):
            self.give("operator", c.CloseCampaign(campaign_id=offering.campaign_id, reason="over"))
        self.go_on()

    def finish(self) -> None:
        """The whole circle."""
        self.close_both()
        self.go_on()
        campaign_id = self.succeeding.campaign_id
        release_id = uuid4()
        self.give("treasury_maker", c.RequestRelease(campaign_id=campaign_id, release_id=release_id))
        self.give("treasury_checker", c.ApproveRelease(campaign_id=campaign_id, release_id=release_id))
        self.go_on()
        self.go_on()  # what the end of a campaign obliges: its company is unlocked

    # What tests look at, and what they break.

    def reconcile(self) -> Reconciliation:
        """With a book that has caught up."""
        self.project()
        return reconcile(self.settings)

    def entry(self, stream: UUID, topic: str) -> Entry:
        return next(entry for entry in self.reader.stream(stream) if entry.topic == topic)

    def grant_stranger(self, contract: str, role: str) -> None:
        """Give a stranger's key a writer's role."""
        address = self.chain.generation.addresses[contract]
        account = Account.from_key(STRANGER).address
        data = calls.selector("grantRole(bytes32,address)") + keccak(role.encode())
        self.chain.send(address, data + bytes.fromhex(account[2:]).rjust(32, b"\0"), key=self.chain.deployer_key)

    def execute(self, statement: str, *parameters: object) -> None:
        """Change the database by hand, as its owner."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            assert connection.execute(statement, parameters).rowcount == 1


def _exhaust(step: Callable[[], Progress]) -> None:
    while step().advanced:
        pass


def only(result: Reconciliation) -> Difference:
    """The one difference that was found."""
    assert len(result.differences) == 1, result.differences
    assert not result.ok
    return result.differences[0]
