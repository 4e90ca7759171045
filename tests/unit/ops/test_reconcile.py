"""Reconciliation on planted faults: each is named exactly, with both sides, and nothing else is."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from eth_account import Account
from rich.console import Console

from abis import calls, campaign_address, to_bytes32
from abis.hashing import keccak
from chain_indexer.indexer import Indexer
from chain_indexer.node import Node
from chain_indexer.store import IndexerStore
from domain import commands as c
from domain.campaign import CampaignApproved, CampaignClosed, ReleaseApproved
from domain.company import KybApproved
from domain.handlers import decide
from domain.investment import InvestmentFunded, RefundOrdered, SharesAllotted
from domain.journal import Actor, CommandKey, Entry, Envelope, JournalReader, Ledger
from domain.processes import Settlement
from domain.progress import Progress
from domain.rule_packs import load_packs
from domain.store import ProcessStore
from domain.topics import codec
from domain.values import Terms
from ops.demo.plan import Commitment, Offering, plan
from ops.reconcile import Difference, Reconciliation, print_reconciliation, reconcile, show
from ops.settings import Settings
from projections.runner import Runner
from projections.store import BookStore
from tests.support.chain import ChainAtHand
from tests.support.roles import as_room

ACKNOWLEDGEMENT = sha256(b"risks").hexdigest()
STRANGER = "0x" + "5a" * 32
SIGNER_FILE = Path("keys", "lane-0.key")
CHANGE_ESCROW = """
UPDATE book.escrows e SET release_fee = 7 FROM book.campaigns c WHERE c.id = e.campaign_id AND c.company_id = %s
"""


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
                cap=terms.cap,
                duration_s=terms.duration_s,
                terms_hash=bytes.fromhex(terms_hash),
                entry=leaf,
            )
        case InvestmentFunded(wallet=wallet, amount=amount, shares=shares):
            return calls.record_investments([calls.InvestmentMember(stream, wallet, amount, shares, leaf)])
        case CampaignClosed(outcome=outcome, raised=raised):
            return calls.close(successful=outcome == "successful", raised=raised, entry=leaf)
        case SharesAllotted(campaign_id=campaign_id, wallet=wallet, shares=shares):
            return calls.issue_certificates([calls.CertificateMember(stream, campaign_id, wallet, shares, leaf)])
        case ReleaseApproved(release_id=release_id, wallet=wallet, amount=amount, fee=fee):
            return calls.record_release(
                campaign_id=stream, release_id=release_id, issuer=wallet, amount=amount, fee=fee, entry=leaf
            )
        case RefundOrdered(campaign_id=campaign_id, wallet=wallet, amount=amount):
            return calls.record_refunds([calls.RefundMember(campaign_id, stream, wallet, amount, leaf)])
        case _:
            return None


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
        indexer_dsn = as_room(database, "indexer")
        self._indexer = Indexer(
            node=opened.enter_context(closing(Node(chain.url))),
            store=opened.enter_context(closing(IndexerStore(indexer_dsn))),
            ledger=self._ledger("indexer", opened),
            reader=opened.enter_context(closing(JournalReader(indexer_dsn, codec=codec()))),
            generation=chain.generation,
            finality_depth=0,
        )
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

    def _ledger(self, room: str, opened: ExitStack) -> Ledger:
        ledger = Ledger(
            as_room(self.database, room),
            codec=codec(),
            decide=decide,
            packs=load_packs(["local"]),
            clock=lambda: datetime.now(UTC),
        )
        opened.callback(ledger.close)
        ledger.start()
        return ledger

    # What people do.

    def give(self, role: str, command: c.Command) -> None:
        self.ledger.handle(
            Envelope(
                command=command,
                actor=Actor(role, role),
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
        self.give("compliance", c.ApproveKyb(company_id=offering.company_id))

    def open(self, offering: Offering) -> None:
        terms = msgspec.convert(offering.terms, Terms)
        campaign = {"campaign_id": offering.campaign_id}
        draft = c.DraftCampaign(**campaign, company_id=offering.company_id, title=offering.title, terms=terms)
        self.give("issuer", draft)
        self.give("issuer", c.SubmitCampaign(**campaign))
        state, _ = self.ledger.load(offering.campaign_id) or (None, 0)
        self.give("compliance", c.ApproveCampaign(**campaign, terms_hash=state.terms_hash))

    def invest(self, offering: Offering, commitment: Commitment) -> None:
        investor = commitment.investor
        register = c.RegisterInvestor(investor_id=investor.id, wallet=investor.wallet, reference=investor.name)
        self.give("investor", register)
        self.give("compliance", c.ApproveKyc(investor_id=investor.id, level="basic"))
        commit = c.CommitInvestment(
            investment_id=commitment.investment_id,
            campaign_id=offering.campaign_id,
            investor_id=investor.id,
            amount=commitment.amount,
            acknowledgement=ACKNOWLEDGEMENT,
        )
        self.give("investor", commit)
        payment = c.RecordPayment(
            investment_id=commitment.investment_id, provider="bank", reference="one", amount=commitment.amount
        )
        self.give("treasury_maker", payment)

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
            case CampaignClosed():
                return campaign_address(self.chain.generation, entry.stream)
            case KybApproved():
                return addresses["IssuerRegistry"]
            case CampaignApproved():
                return addresses["CampaignFactory"]
            case SharesAllotted():
                return addresses["NFTShareCertificate"]
            case _:
                return addresses["FundEscrow"]

    def index(self) -> None:
        _exhaust(self._indexer.step)

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
        self.give("treasury_maker", c.RequestRelease(campaign_id=campaign_id, release_id=uuid4()))
        self.give("treasury_checker", c.ApproveRelease(campaign_id=campaign_id))
        self.go_on()

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


def kinds(result: Reconciliation) -> list[tuple[str, str, str]]:
    return [(d.kind, d.id if d.subject != "log" else "log", d.what) for d in result.differences]


def only(result: Reconciliation) -> Difference:
    assert len(result.differences) == 1, result.differences
    assert not result.ok
    return result.differences[0]


@pytest.fixture
def world(database: str, chain: ChainAtHand, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as opened:
        yield World(database, chain, tmp_path, opened)


def test_a_finished_circle_agrees_in_all_three(world: World) -> None:
    world.finish()

    result = world.reconcile()

    assert (result.differences, result.pending) == ([], [])
    assert result.ok
    assert result.checked["postings"] == 2 + 2 + 3 + 2 + 2 + 1 + 1
    assert result.checked["certificates on the chain"] == 2
    assert result.journal_position == world.reader.head()


def test_an_obligation_that_no_block_holds_yet_is_pending(world: World) -> None:
    world.register(world.succeeding)

    result = world.reconcile()

    assert result.ok
    (waiting,) = result.pending
    assert waiting.what == "IssuerRegistered of IssuerRegistry awaits a block"
    assert waiting.positions == (world.entry(world.succeeding.company_id, "company.kyb_approved").position,)


def test_a_log_that_the_indexer_has_not_reached_is_pending(world: World) -> None:
    world.register(world.succeeding)
    world.post()

    result = world.reconcile()

    assert result.ok
    assert [waiting.what for waiting in result.pending] == [
        "IssuerRegistered of IssuerRegistry awaits its confirmation"
    ]


def test_a_repeated_posting_changes_nothing(world: World) -> None:
    world.register(world.succeeding)
    world.go_on()
    entry = world.entry(world.succeeding.company_id, "company.kyb_approved")
    data = call_of(entry)
    assert data is not None
    world.chain.send(world.contract_of(entry), data)

    result = world.reconcile()

    assert result.ok
    assert result.checked["logs that repeat"] == 1


def test_a_log_of_another_key_is_foreign_and_so_is_the_role_that_allowed_it(world: World) -> None:
    world.open_both()
    world.grant_stranger("IssuerRegistry", "REGISTRAR_ROLE")
    stranger = uuid4()
    data = calls.register(company_id=stranger, wallet="0x" + "11" * 20, documents_hash=bytes(32), entry=b"\x07" * 32)
    world.chain.send(world.chain.generation.addresses["IssuerRegistry"], data, key=STRANGER)

    result = world.reconcile()

    assert kinds(result) == [
        ("chain-foreign", "log", "RoleGranted of IssuerRegistry"),
        ("chain-foreign", "log", "IssuerRegistered of IssuerRegistry"),
    ]
    assert to_bytes32(stranger).hex() in (result.differences[1].chain or "")
    assert result.differences[1].positions == ()


def test_an_investment_recorded_by_another_key_is_foreign_and_makes_the_sum_differ(world: World) -> None:
    world.open_both()
    world.grant_stranger("CampaignFactory", "OPERATOR_ROLE")
    member = calls.InvestmentMember(uuid4(), "0x" + "11" * 20, 5_000, 5, b"\x07" * 32)
    clone = campaign_address(world.chain.generation, world.succeeding.campaign_id)
    world.chain.send(clone, calls.record_investments([member]), key=STRANGER)

    result = world.reconcile()

    campaign = str(world.succeeding.campaign_id)
    assert kinds(result) == [
        ("chain-foreign", "log", "RoleGranted of CampaignFactory"),
        ("chain-foreign", "log", "InvestmentRecorded of a campaign's contract"),
        ("chain-differs", campaign, "raised"),
    ]
    assert (result.differences[2].journal, result.differences[2].chain) == ("0", "5000")


def test_a_certificate_of_other_shares_than_were_allotted_is_named_from_every_side(world: World) -> None:
    world.close_both()
    commitment = world.succeeding.commitments[0]
    investment = str(commitment.investment_id)
    allotted = world.entry(commitment.investment_id, "investment.allotted")
    world.grant_stranger("NFTShareCertificate", "REGISTRAR_ROLE")
    member = calls.CertificateMember(
        commitment.investment_id, world.succeeding.campaign_id, commitment.investor.wallet, 1, allotted.leaf
    )
    contract = world.chain.generation.addresses["NFTShareCertificate"]
    world.chain.send(contract, calls.issue_certificates([member]), key=STRANGER)

    world.post()
    result = world.reconcile()

    assert kinds(result) == [
        ("chain-foreign", "log", "RoleGranted of NFTShareCertificate"),
        ("chain-differs", "log", "CertificateIssued of NFTShareCertificate"),
        ("chain-conflict", "log", "Conflict of NFTShareCertificate"),
        ("chain-conflict", investment, "CertificateIssued of NFTShareCertificate"),
        ("chain-differs", investment, "certificate owner"),
        ("chain-differs", investment, "certificate shares"),
    ]
    assert all(allotted.position in d.positions for d in result.differences[1:])
    assert result.differences[5].chain == "1"


def test_confirmations_whose_block_is_gone_are_each_named(world: World) -> None:
    snapshot = world.chain.rpc.call("evm_snapshot")
    world.register(world.succeeding)
    world.go_on()
    world.chain.rpc.call("evm_revert", snapshot)
    world.chain.mine(5)

    result = world.reconcile()

    company = world.succeeding.company_id
    approved = world.entry(company, "company.kyb_approved").position
    confirmed = world.entry(company, "company.registration_confirmed").position
    assert kinds(result) == [
        ("confirmation-without-log", str(company), "IssuerRegistered of IssuerRegistry"),
        ("chain-differs", str(company), "IssuerRegistered of IssuerRegistry"),
        ("chain-differs", str(company), "wallet"),
    ]
    assert result.differences[0].positions == (approved, confirmed)
    assert result.differences[2].chain is None


def test_a_log_that_the_indexer_has_passed_without_confirming_it_is_a_difference(world: World) -> None:
    world.register(world.succeeding)
    world.index()
    world.post()
    world.execute("UPDATE indexer.checkpoint SET block_number = block_number + 1")

    difference = only(world.reconcile())

    assert (difference.kind, difference.id) == ("log-without-confirmation", str(world.succeeding.company_id))
    assert difference.positions == (world.entry(world.succeeding.company_id, "company.kyb_approved").position,)


def test_a_posting_that_the_chain_refused_is_a_difference(world: World) -> None:
    world.register(world.succeeding)
    company = world.succeeding.company_id
    position = world.entry(company, "company.kyb_approved").position
    world.give("writer", c.RejectPosting(stream=company, entry_position=position, code="WalletMissing", reason="none"))

    difference = only(world.reconcile())

    assert (difference.kind, difference.id) == ("posting-rejected", str(company))
    assert difference.journal == "rejected: WalletMissing (none)"
    assert difference.positions == (position, position + 1)


def test_a_signer_without_its_role_is_named(world: World) -> None:
    role, address = keccak(b"TREASURY_ROLE"), world.chain.generation.addresses["FundEscrow"]
    signer = bytes.fromhex(world.chain.signer[2:]).rjust(32, b"\0")
    data = calls.selector("revokeRole(bytes32,address)") + role + signer
    world.chain.send(address, data, key=world.chain.deployer_key)

    result = world.reconcile()

    assert [(d.kind, d.what) for d in result.differences] == [
        ("contract-differs", f"FundEscrow: {world.chain.signer} lacks TREASURY_ROLE"),
        ("chain-foreign", "RoleRevoked of FundEscrow"),
    ]


# The book.


def test_a_row_changed_by_hand_is_named_with_its_column_and_both_values(world: World) -> None:
    world.finish()
    world.project()
    investment = world.succeeding.commitments[0].investment_id
    world.execute("UPDATE book.investments SET shares = shares + 1 WHERE id = %s", investment)

    difference = only(world.reconcile())

    assert (difference.kind, difference.subject, difference.id) == ("book-differs", "investment", str(investment))
    assert difference.what == "shares"
    assert int(difference.book or 0) == int(difference.journal or 0) + 1
    assert difference.positions == tuple(entry.position for entry in world.reader.stream(investment))


@pytest.mark.parametrize(
    ("statement", "subject", "what"),
    [
        ("UPDATE book.companies SET legal_name = 'Other' WHERE id = %s", "company", "legal_name"),
        ("UPDATE book.companies SET locked_by = id WHERE id = %s", "company", "locked_by"),
        ("UPDATE book.campaigns SET raised = raised - 1 WHERE company_id = %s", "campaign", "raised"),
        ("UPDATE book.campaigns SET status = 'closed' WHERE company_id = %s", "campaign", "status"),
        (CHANGE_ESCROW, "escrow", "release_fee"),
        ("UPDATE book.postings SET state = 'waiting' WHERE stream = %s", "posting", "state"),
    ],
)
def test_every_kind_of_row_is_compared(world: World, statement: str, subject: str, what: str) -> None:
    world.finish()
    world.project()
    world.execute(statement, world.succeeding.company_id)

    difference = only(world.reconcile())

    assert (difference.kind, difference.subject, difference.what) == ("book-differs", subject, what)
    assert difference.positions


def test_a_row_that_is_gone_is_missing(world: World) -> None:
    world.register(world.succeeding)
    world.project()
    world.execute("DELETE FROM book.companies")

    difference = only(world.reconcile())

    assert (difference.kind, difference.id) == ("book-missing", str(world.succeeding.company_id))
    assert difference.book is None


def test_a_row_that_no_entry_made_is_foreign(world: World) -> None:
    world.register(world.succeeding)
    world.project()
    world.execute(
        "INSERT INTO book.investors SELECT gen_random_uuid(), 1, 1, now(), 'nobody', '0x1', 'made up', 'basic'"
    )

    difference = only(world.reconcile())

    assert (difference.kind, difference.subject, difference.journal) == ("book-foreign", "investor", None)


def test_a_line_changed_by_hand_makes_its_account_differ(world: World) -> None:
    world.finish()
    world.project()
    world.execute("UPDATE book.lines SET amount = amount + 5 WHERE account = 'fees'")

    difference = only(world.reconcile())

    assert (difference.subject, difference.id, difference.what) == ("account", "fees", "balance")
    assert int(difference.book or 0) == int(difference.journal or 0) + 5


def test_a_book_that_is_behind_is_pending_and_compared_where_it_is(world: World) -> None:
    world.register(world.succeeding)
    world.project()
    at = world.reader.head()
    world.go_on()

    result = reconcile(world.settings)

    assert result.ok
    assert [(waiting.subject, waiting.positions) for waiting in result.pending] == [("book", (at + 1, at + 1))]
    assert (result.book_position, result.journal_position) == (at, at + 1)


# How it is told.


def test_the_text_names_each_difference_with_both_sides_and_its_entries(world: World) -> None:
    world.register(world.succeeding)
    world.project()
    world.execute("UPDATE book.companies SET legal_name = 'Other'")
    console = Console(file=io.StringIO(), width=80)

    print_reconciliation(world.reconcile(), console)

    assert isinstance(console.file, io.StringIO)
    told = console.file.getvalue()
    assert f"book-differs  company {world.succeeding.company_id}: legal_name (entries 1, 2, 3, 4, 5, 6, 7)" in told
    assert f"journal {world.succeeding.company['legal_name']}" in told
    assert "book    Other" in told
    assert "pending: company" in told
    assert "1 difference." in told


def test_the_command_answers_in_json_and_with_its_exit_code(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.register(world.succeeding)
    world.go_on()
    world.project()

    agreed = show(world.settings, as_json=True)
    report = msgspec.json.decode(capsys.readouterr().out, type=Reconciliation)
    world.execute("UPDATE book.companies SET legal_name = 'Other'")
    differed = show(world.settings, as_json=True)

    assert (agreed, report.ok, report.differences) == (0, True, [])
    assert differed == 1
    assert msgspec.json.decode(capsys.readouterr().out, type=Reconciliation).differences[0].what == "legal_name"
