"""The indexer on real parts: a journal with what obliges writes, the contracts that receive them, and the loop."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import psycopg
from eth_abi.abi import encode
from eth_account import Account

from abis import calls, campaign_address
from abis.calls import selector
from abis.certificates import content_hash_of
from chain_indexer.ahead import ManyHands
from chain_indexer.indexer import Indexer
from chain_indexer.node import Node
from chain_indexer.ranges import RANGES_AHEAD_MAX
from chain_indexer.store import IndexerStore
from domain import commands as c
from domain.company import company_id
from domain.handlers import decide
from domain.investment import Acknowledgement
from domain.journal import Actor, CommandKey, Entry, Envelope, JournalReader, Ledger
from domain.progress import Progress
from domain.rule_packs import load_packs
from domain.topics import codec
from domain.values import terms_hash
from tests.support.chain import ChainAtHand
from tests.support.roles import as_room
from tests.support.story import CHECKER, COMPLIANCE, INVESTOR, ISSUER, MAKER, OPERATOR, PROCESS, TERMS
from tests.support.wallets import key_of, signed, wallet_of

IDS = UUID("0b7f9a2e-3f0c-5a57-8e0e-6a1a7d2c9b10")
WALLET = "0x" + "a1" * 20
OTHER_COMPLIANCE = Actor("second", "compliance")
HOLDER = wallet_of("holder")


def named(name: str) -> UUID:
    return uuid5(IDS, name)


class Journal:
    """A real ledger under the API's role, and the entries it made."""

    def __init__(self, dsn: str) -> None:
        self.ledger = ledger_on(as_room(dsn, "api"))
        self.reader = JournalReader(as_room(dsn, "api"), codec=codec())
        self._numbers = itertools.count()

    def do(self, command: c.Command, by: Actor) -> list[Entry]:
        """Give a command; the entries that it made."""
        key = CommandKey(f"client:{by.id}", str(next(self._numbers)))
        outcome = self.ledger.handle(
            Envelope(
                command=command,
                actor=by,
                key=key,
                fingerprint=sha256(repr(command).encode()).digest(),
                correlation_id=named(f"story {key.key}"),
            )
        )
        entries = [self.reader.entry(event.position) for event in outcome.events]
        return [entry for entry in entries if entry is not None]

    def topics(self) -> list[str]:
        return [entry.topic for entry in self.reader.read(after=0, limit=10_000)]

    def entries(self, topic: str) -> list[Entry]:
        return self.reader.read(after=0, limit=10_000, topics=[topic])

    def close(self) -> None:
        self.reader.close()
        self.ledger.close()


class World:
    """The journal and the chain together: what obliges a write, and the write as the chain writer would make it."""

    def __init__(self, dsn: str, chain: ChainAtHand) -> None:
        self.dsn = dsn
        self.chain = chain
        self.generation = chain.generation
        self.journal = Journal(dsn)
        self._open: list[Callable[[], None]] = [self.journal.close]

    def indexer(
        self,
        *,
        finality_depth: int = 0,
        crash: Callable[[str], None] | None = None,
        node: Any = None,
        generation: Any = None,
        audit_percent: int = 100,
        imports_to: int = 0,
        promoted: bool = False,
    ) -> Indexer:
        """A new indexer on what is stored, with connections of its own."""
        room = as_room(self.dsn, "indexer")
        ledger, reader, store = ledger_on(room), JournalReader(room, codec=codec()), IndexerStore(room)
        if node is None:
            node = Node(self.chain.url)
        hands = ManyHands(RANGES_AHEAD_MAX)
        self._open.extend([node.close, store.close, reader.close, ledger.close, hands.close])
        return Indexer(
            node=node,
            store=store,
            ledger=ledger,
            reader=reader,
            generation=generation or self.generation,
            finality_depth=finality_depth,
            hands=hands,
            audit_percent=audit_percent,
            imports_to=imports_to,
            promoted=promoted,
            crash=crash,
        )

    def stop_indexers(self) -> None:
        """Close every indexer's connections, as the end of its process does."""
        for close in reversed(self._open[1:]):
            close()
        del self._open[1:]

    def close(self) -> None:
        self.stop_indexers()
        self.journal.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as owner:
            return owner.execute(query).fetchall()

    def send(self, contract: str, data: bytes, *, key: str | None = None) -> dict[str, Any]:
        to = contract if contract.startswith("0x") else self.generation.addresses[contract]
        receipt = self.chain.send(to, data, key=key)
        assert int(receipt["status"], 16) == 1
        return receipt

    def send_together(self, *calls: tuple[str, bytes]) -> None:
        """Several calls of the signer in one block."""
        account, rpc = Account.from_key(self.chain.signer_key), self.chain.rpc
        nonce = rpc.number("eth_getTransactionCount", account.address, "latest")
        for place, (to, data) in enumerate(calls):
            fields = {"chainId": self.generation.chain_id, "gas": 1_500_000, "gasPrice": 0, "value": 0}
            signed = account.sign_transaction(fields | {"nonce": nonce + place, "to": to, "data": data})
            rpc.call("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())
        self.chain.mine()

    @contextmanager
    def lost_afterwards(self) -> Iterator[None]:
        """What is mined inside is lost by the chain; the blocks that come after are others."""
        snapshot = self.chain.rpc.call("evm_snapshot")
        yield
        self.chain.rpc.call("evm_revert", snapshot)
        self.chain.rpc.call("evm_increaseTime", 60)

    # What obliges a write: each returns the entry.

    def kyb_approved(self, name: str = "company") -> Entry:
        company = company_id(name)
        self.journal.do(
            c.RegisterCompany(legal_name=name, tax_number=name, sector="energy", registration_year=2020, wallet=WALLET),
            ISSUER,
        )
        document = named(f"document {name}")
        self.journal.do(
            c.AttachDocument(company_id=company, document_id=document, kind="licence", sha256="ab" * 32), ISSUER
        )
        self.journal.do(c.ApproveDocument(company_id=company, document_id=document), COMPLIANCE)
        (submitted,) = self.journal.do(c.SubmitKyb(company_id=company), ISSUER)
        content: Any = submitted.event
        approve = c.ApproveKyb(company_id=company, documents_hash=content.documents_hash)
        (entry,) = self.journal.do(approve, COMPLIANCE)
        return entry

    def campaign_approved(self, name: str, *, company: str = "company") -> Entry:
        campaign, owner = named(name), company_id(company)
        self.journal.do(c.DraftCampaign(campaign_id=campaign, company_id=owner, title=name, terms=TERMS), ISSUER)
        self.journal.do(c.SubmitCampaign(campaign_id=campaign), ISSUER)
        content = terms_hash(company_id=owner, title=name, terms=TERMS)
        (entry,) = self.journal.do(c.ApproveCampaign(campaign_id=campaign, terms_hash=content), COMPLIANCE)
        return entry

    def investment_funded(self, name: str, *, campaign: str, amount: int = 800_000) -> Entry:
        investor = named(f"investor of {name}")
        self._introduce(investor, reference=name)
        self.journal.do(
            c.CommitInvestment(
                investment_id=named(name),
                campaign_id=named(campaign),
                investor_id=investor,
                amount=amount,
                acknowledgements=(Acknowledgement("risk", "read"),),
            ),
            INVESTOR,
        )
        payment = c.RecordPayment(
            investment_id=named(name), provider="bank", reference=name, amount=amount, currency="ETB"
        )
        return _of_topic(self.journal.do(payment, MAKER), "investment.funded")

    def _introduce(self, investor: UUID, *, reference: str) -> None:
        """An investor with a bound wallet and an approved KYC."""
        self.journal.do(c.RegisterInvestor(investor_id=investor, reference=reference), INVESTOR)
        asked = c.ChallengeWallet(investor_id=investor, wallet=HOLDER, nonce="one", domain="Tandem", chain_id=100)
        (entry,) = self.journal.do(asked, INVESTOR)
        event: Any = entry.event
        signature = signed(investor, event.challenge, key=key_of("holder"))
        bound = c.BindWallet(investor_id=investor, nonce="one", scheme="eip191", signature=signature)
        self.journal.do(bound, INVESTOR)
        self.journal.do(c.ApproveKyc(investor_id=investor, level="basic"), COMPLIANCE)

    def campaign_closed(self, name: str) -> Entry:
        made = self.journal.do(c.CloseCampaign(campaign_id=named(name), reason="the end"), OPERATOR)
        return _of_topic(made, "campaign.closed")

    def shares_allotted(self, name: str) -> Entry:
        (entry,) = self.journal.do(c.AllotShares(investment_id=named(name)), PROCESS)
        return entry

    def refund_ordered(self, name: str) -> Entry:
        (entry,) = self.journal.do(c.OrderRefund(investment_id=named(name), reason="failed"), PROCESS)
        return entry

    def release_approved(self, name: str) -> Entry:
        self.journal.do(c.RequestRelease(campaign_id=named(name), release_id=named(f"release {name}")), MAKER)
        (entry,) = self.journal.do(
            c.ApproveRelease(campaign_id=named(name), release_id=named(f"release {name}")), CHECKER
        )
        return entry

    def investment_cancelled(self, name: str) -> Entry:
        """The refund that is ordered because its investor left while the campaign is open."""
        made = self.journal.do(c.CancelInvestment(investment_id=named(name), reason="changed my mind"), INVESTOR)
        return _of_topic(made, "investment.refund_ordered")

    def certificate_changed(self, name: str, *, change: str, kind: str, wallet: str | None = None) -> Entry:
        """Asked for by one person and approved by another."""
        names = {"investment_id": named(name), "change_id": named(change)}
        asked = c.RequestCertificateChange(**names, kind=kind, reason="a judgement", evidence="ee" * 32, wallet=wallet)
        self.journal.do(asked, COMPLIANCE)
        (entry,) = self.journal.do(c.ApproveCertificateChange(**names), OTHER_COMPLIANCE)
        return entry

    # The write that an entry obliges.

    def post_registration(self, entry: Entry, **other: Any) -> dict[str, Any]:
        event: Any = entry.event
        values = {"wallet": event.wallet, "documents_hash": bytes.fromhex(event.documents_hash)} | other
        return self.send("IssuerRegistry", calls.register(company_id=entry.stream, entry=entry.leaf, **values))

    def post_campaign(self, entry: Entry, **other: Any) -> dict[str, Any]:
        return self.send("CampaignFactory", self.creation(entry, **other))

    def creation(self, entry: Entry, **other: Any) -> bytes:
        """The call that makes a campaign's contract."""
        event: Any = entry.event
        terms = event.terms
        values = {"funding_goal": terms.funding_goal, "threshold": terms.threshold, "cap": terms.cap} | other
        return calls.create_campaign(
            campaign_id=entry.stream,
            company_id=event.company_id,
            duration_s=terms.duration_s,
            asset=calls.FIAT,
            terms_hash=bytes.fromhex(event.terms_hash),
            entry=entry.leaf,
            **values,
        )

    def post_investments(self, *entries: Entry, shares: int | None = None) -> dict[str, Any]:
        events: list[Any] = [entry.event for entry in entries]
        members = [
            calls.InvestmentMember(entry.stream, event.wallet, event.amount, shares or event.shares, entry.leaf)
            for entry, event in zip(entries, events, strict=True)
        ]
        contract = campaign_address(self.generation, events[0].campaign_id)
        return self.send(contract, calls.record_investments(members))

    def post_closing(self, entry: Entry) -> dict[str, Any]:
        event: Any = entry.event
        data = calls.close(successful=event.outcome == "successful", raised=event.raised, entry=entry.leaf)
        return self.send(campaign_address(self.generation, entry.stream), data)

    def post_certificate(self, entry: Entry) -> dict[str, Any]:
        event: Any = entry.event
        said: Any = {"campaign_id": event.campaign_id, "shares": event.shares, "entry": entry.leaf}
        content = content_hash_of(investment_id=entry.stream, **said)
        member = calls.CertificateMember(investment_id=entry.stream, holder=event.wallet, content_hash=content, **said)
        return self.send("NFTShareCertificate", calls.issue_certificates([member]))

    def post_release(self, entry: Entry) -> dict[str, Any]:
        event: Any = entry.event
        data = calls.record_release(
            campaign_id=entry.stream,
            release_id=event.release_id,
            issuer=event.wallet,
            amount=event.amount,
            fee=event.fee,
            entry=entry.leaf,
        )
        return self.send("FundEscrow", data)

    def post_refund(self, entry: Entry) -> dict[str, Any]:
        event: Any = entry.event
        member = calls.RefundMember(event.campaign_id, entry.stream, event.wallet, event.amount, entry.leaf)
        return self.send("FundEscrow", calls.record_refunds([member]))

    def post_revision(self, contract: str, data: bytes) -> dict[str, Any]:
        """What may come again for one company or campaign; a campaign's own contract is named by its id."""
        address = (
            contract if contract in self.generation.addresses else campaign_address(self.generation, named(contract))
        )
        return self.send(address, data)

    def post_change(self, entry: Entry) -> dict[str, Any]:
        event: Any = entry.event
        said: dict[str, Any] = {
            "change_id": event.change_id,
            "investment_id": entry.stream,
            "evidence": bytes.fromhex(event.evidence),
            "entry": entry.leaf,
        }
        match entry.topic:
            case "investment.certificate_revoked":
                data = calls.revoke_certificate(**said)
            case "investment.certificate_reissued":
                data = calls.reissue_certificate(holder=event.wallet, **said)
            case _:
                data = calls.approve_transfer(to=event.new_wallet, **said)
        return self.send("NFTShareCertificate", data)

    def transfer(self, name: str, *, holder: str, to: str) -> dict[str, Any]:
        """The holder's own transfer of a certificate."""
        types = ["address", "address", "uint256"]
        data = selector("transferFrom(address,address,uint256)")
        data += bytes(encode(types, [wallet_of(holder), to, named(name).int]))
        return self.send("NFTShareCertificate", data, key=key_of(holder))


def _of_topic(entries: list[Entry], topic: str) -> Entry:
    return next(entry for entry in entries if entry.topic == topic)


def ledger_on(dsn: str) -> Ledger:
    ledger = Ledger(
        dsn, codec=codec(), decide=decide, packs=load_packs(("default", "local")), clock=lambda: datetime.now(UTC)
    )
    ledger.start()
    return ledger


def caught_up(indexer: Indexer) -> Progress:
    """Step until there is nothing to do."""
    while (progress := indexer.step()).advanced:
        pass
    return progress
