"""What people and machines do, in short: the same acts on a world in memory (`Stage`) and on a real journal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from eth_account import Account
from eth_account.messages import encode_defunct

from domain import commands as c
from domain import wallets
from domain.campaign import Campaign
from domain.company import Company, company_id
from domain.investment import Investment
from domain.investment.state import Acknowledgement
from domain.investor import Investor
from domain.journal import Actor
from domain.payment import CHAIN, Deposit, Payment, payment_id
from domain.rule_packs import RulePacks, load_packs
from domain.values import ChainFact, ChainPlace, Milestone, Terms
from tests.unit.domain.scenario import NOW, Given, When, given

ISSUER = Actor("selam", "issuer")
COMPLIANCE = Actor("compliance-1", "compliance")
OTHER_COMPLIANCE = Actor("compliance-2", "compliance")
OPERATOR = Actor("operator-1", "operator")
MAKER = Actor("treasury-1", "treasury_maker")
CHECKER = Actor("treasury-2", "treasury_checker")
INDEXER = Actor("indexer", "indexer")
WRITER = Actor("writer", "writer")
PROCESS = Actor("settlement", "process")

COMPANY = company_id("ET-0001")
CAMPAIGN = UUID(int=0xCA)
DOCUMENT = UUID(int=0xD0)
CHANGE = UUID(int=0xC4)
RELEASE = UUID(int=0x4E)
ISSUER_WALLET = "0x00000000000000000000000000000000000000A1"
DIGEST = "ab" * 32
OTHER_DIGEST = "ba" * 32
RISK = "cd" * 32
DAY_S = 86_400
DURATION = timedelta(days=30)
DEADLINE = NOW + DURATION
ALL_PACKS = load_packs(["default", "default-coin", "local", "local-coin", "eu-ecspr", "us-reg-cf"])


def offer(**changes: Any) -> Terms:
    """Terms of the default pack, for a goal of 1,000 ETB in shares of 10."""
    fields: dict[str, Any] = {
        "currency": "ETB",
        "funding_goal": 100_000,
        "minimum": 10_000,
        "cap": 120_000,
        "share_price": 1_000,
        "duration_s": 30 * DAY_S,
        "success_threshold_bps": 7_500,
        "fee_bps": 250,
        "rule_pack": "default@1",
    }
    return Terms(**{**fields, **changes})


DEFAULT = offer()
LOCAL = offer(rule_pack="local@1")
FIRST_COME = offer(oversubscription="first_come")
PRO_RATA = offer(oversubscription="pro_rata")
EU = offer(currency="EUR", rule_pack="eu-ecspr@1")
US = offer(currency="USD", rule_pack="us-reg-cf@1", success_threshold_bps=10_000)
MILESTONES = offer(
    milestones=(Milestone(name="a", bps=3_333), Milestone(name="b", bps=3_333), Milestone(name="c", bps=3_334))
)
COIN = 10**18
WEI = offer(
    currency="wei",
    rule_pack="default-coin@1",
    funding_goal=1_000 * COIN,
    minimum=100 * COIN,
    cap=1_200 * COIN,
    share_price=10 * COIN,
)
LOCAL_COIN = offer(currency="wei", rule_pack="local-coin@1")


def chain_fact(place: int) -> ChainFact:
    return ChainFact(
        chain_id=100,
        block_number=place + 7,
        block_hash="0x" + "0b" * 32,
        tx_hash="0x" + f"{place:064x}",
        log_index=0,
        entry_position=place,
    )


def chain_place(place: int) -> ChainPlace:
    return ChainPlace(
        chain_id=100, block_number=place + 7, block_hash="0x" + "0c" * 32, tx_hash="0x" + f"{place:064x}", log_index=1
    )


def deposit_id(number: int, investor: int = 1) -> UUID:
    """The payment that a deposit for an investment becomes."""
    return payment_id(CHAIN, chain_place(number * 10 + investor).reference)


def investment_id(number: int) -> UUID:
    return UUID(int=0x100 + number)


def investor_id(number: int) -> UUID:
    return UUID(int=0x10 + number)


def owner_of(number: int) -> Actor:
    """The client that acts for an investor."""
    return Actor(f"investor-{number}", "investor")


@cache
def wallet_of(number: int) -> str:
    return str(Account.from_key(number.to_bytes(32, "big")).address)


@cache
def signed(number: int, text: str) -> str:
    signature = Account.sign_message(encode_defunct(text=text), number.to_bytes(32, "big")).signature
    return "0x" + bytes(signature).hex()


def kinds_of(terms: Terms) -> tuple[str, ...]:
    """What a commitment under these terms must acknowledge."""
    return ALL_PACKS.get(terms.rule_pack).acknowledgements


class Acts:
    """Each act is a command by whoever may give it. `do` has it handled, and fails if it is refused."""

    def __init__(self, *, now: datetime = NOW) -> None:
        self.now = now
        self._places = 100

    def do(self, command: c.Command, *, by: Actor) -> Any:
        raise NotImplementedError

    def find(self, stream: UUID) -> Any:
        raise NotImplementedError

    def fact(self) -> ChainFact:
        """A log that nobody has seen before."""
        self._places += 1
        return chain_fact(self._places)

    def place(self) -> ChainPlace:
        """A log that no entry caused, and that nobody has seen before."""
        self._places += 1
        return chain_place(self._places)

    def campaign(self, campaign: UUID = CAMPAIGN) -> Campaign:
        state: Campaign = self.find(campaign)
        return state

    def company(self) -> Company:
        state: Company = self.find(COMPANY)
        return state

    def investment(self, number: int) -> Investment:
        state: Investment = self.find(investment_id(number))
        return state

    def investor(self, number: int = 1) -> Investor:
        state: Investor = self.find(investor_id(number))
        return state

    def payment(self, reference: str) -> Payment:
        state: Payment = self.find(payment_id("bank", reference))
        return state

    # How a company and its campaign come to be.

    def register_company(self, *, valid_until: datetime | None = None) -> None:
        register = c.RegisterCompany(
            legal_name="Selam Coffee PLC",
            tax_number="ET-0001",
            sector="agriculture",
            registration_year=2019,
            wallet=ISSUER_WALLET,
        )
        self.do(register, by=ISSUER)
        self.do(c.AttachDocument(company_id=COMPANY, document_id=DOCUMENT, kind="licence", sha256=DIGEST), by=ISSUER)
        self.do(c.SubmitKyb(company_id=COMPANY), by=ISSUER)
        self.do(c.ApproveDocument(company_id=COMPANY, document_id=DOCUMENT), by=COMPLIANCE)
        approve = c.ApproveKyb(
            company_id=COMPANY, documents_hash=self.company().documents_hash, valid_until=valid_until
        )
        self.do(approve, by=COMPLIANCE)
        self.do(c.ConfirmCompanyRegistration(company_id=COMPANY, on_chain=self.fact()), by=INDEXER)

    def draft(self, terms: Terms = DEFAULT, *, campaign: UUID = CAMPAIGN) -> None:
        draft = c.DraftCampaign(campaign_id=campaign, company_id=COMPANY, title="Roastery", terms=terms)
        self.do(draft, by=ISSUER)

    def approve(self, campaign: UUID = CAMPAIGN) -> None:
        self.do(c.SubmitCampaign(campaign_id=campaign), by=ISSUER)
        approved = c.ApproveCampaign(campaign_id=campaign, terms_hash=self.campaign(campaign).content_hash)
        self.do(approved, by=COMPLIANCE)

    def deploy(self, campaign: UUID = CAMPAIGN) -> None:
        deadline = self.now + timedelta(seconds=self.campaign(campaign).terms.duration_s)
        confirm = c.ConfirmDeployment(campaign_id=campaign, address="0x1", deadline=deadline, on_chain=self.fact())
        self.do(confirm, by=INDEXER)

    def open_campaign(
        self, terms: Terms = DEFAULT, *, campaign: UUID = CAMPAIGN, documents: Iterable[UUID] = ()
    ) -> None:
        if self.find(COMPANY) is None:
            self.register_company()
        self.draft(terms, campaign=campaign)
        for document in documents:
            attach = c.AttachCampaignDocument(
                campaign_id=campaign, document_id=document, kind="business plan", sha256=DIGEST
            )
            self.do(attach, by=ISSUER)
        self.approve(campaign)
        self.deploy(campaign)

    # Investors, their commitments, their money.

    def register_investor(self, number: int = 1) -> None:
        """A person with a bound wallet and an approved KYC, who knows what all packs want them to know."""
        stream, owner = investor_id(number), owner_of(number)
        self.do(c.RegisterInvestor(investor_id=stream, reference=f"person-{number}"), by=owner)
        self.bind_wallet(number)
        self.do(c.ApproveKyc(investor_id=stream, level="basic"), by=COMPLIANCE)

    def bind_wallet(self, number: int, *, nonce: str = "nonce-1") -> None:
        stream, owner = investor_id(number), owner_of(number)
        challenge = c.ChallengeWallet(
            investor_id=stream, wallet=wallet_of(number), nonce=nonce, domain="tandem.example", chain_id=100
        )
        self.do(challenge, by=owner)
        asked = self.investor(number).challenge
        assert asked is not None
        signature = signed(number, wallets.statement(stream, asked))
        self.do(c.BindWallet(investor_id=stream, nonce=nonce, scheme="eip191", signature=signature), by=owner)

    def pass_test(self, number: int = 1) -> None:
        """The entry knowledge test of ECSPR art. 21."""
        valid_until = self.now + timedelta(days=730)
        test = c.RecordEntryTest(investor_id=investor_id(number), passed=True, evidence=DIGEST, valid_until=valid_until)
        self.do(test, by=COMPLIANCE)

    def declare_means(self, number: int = 1, *, pack: str, income: int, net_worth: int) -> None:
        means = c.DeclareMeans(investor_id=investor_id(number), rule_pack=pack, income=income, net_worth=net_worth)
        self.do(means, by=owner_of(number))

    def committing(
        self,
        number: int,
        amount: int,
        *,
        investor: int = 1,
        campaign: UUID = CAMPAIGN,
        kinds: Iterable[str] | None = None,
        documents_hash: str | None = None,
    ) -> c.CommitInvestment:
        """The command; without kinds, with all acknowledgements that the pack asks for."""
        if kinds is None:
            kinds = kinds_of(self.campaign(campaign).terms)
        return c.CommitInvestment(
            investment_id=investment_id(number),
            campaign_id=campaign,
            investor_id=investor_id(investor),
            amount=amount,
            acknowledgements=tuple(Acknowledgement(kind, RISK) for kind in kinds),
            documents_hash=documents_hash,
        )

    def commit(self, number: int, amount: int, *, investor: int = 1, campaign: UUID = CAMPAIGN) -> None:
        if self.find(investor_id(investor)) is None:
            self.register_investor(investor)
        self.do(self.committing(number, amount, investor=investor, campaign=campaign), by=owner_of(investor))

    def paying(self, number: int | None, amount: int, *, reference: str = "", currency: str = "") -> c.RecordPayment:
        """The command; without a currency, in that of the investment's campaign."""
        if not currency:
            assert number is not None
            currency = self.campaign(self.investment(number).campaign_id).terms.currency
        return c.RecordPayment(
            provider="bank",
            reference=reference or f"tr-{number}",
            amount=amount,
            currency=currency,
            investment_id=None if number is None else investment_id(number),
        )

    def pay(self, number: int, amount: int, *, reference: str = "") -> None:
        self.do(self.paying(number, amount, reference=reference), by=MAKER)

    def depositing(self, number: int, amount: int, *, investor: int = 1, campaign: UUID = CAMPAIGN) -> c.RecordDeposit:
        """The command; one deposit an investment and depositor, at a place that follows from both."""
        deposit = Deposit(
            investment=str(investment_id(number)),
            campaign=str(campaign),
            depositor=wallet_of(investor),
            place=chain_place(number * 10 + investor),
        )
        return c.RecordDeposit(deposit=deposit, amount=amount)

    def deposit(self, number: int, amount: int, *, investor: int = 1, campaign: UUID = CAMPAIGN) -> None:
        self.do(self.depositing(number, amount, investor=investor, campaign=campaign), by=INDEXER)

    def reclaiming(self, number: int, amount: int, *, investor: int = 1) -> c.RecordReclaim:
        return c.RecordReclaim(payment_id=deposit_id(number, investor), amount=amount, place=self.place())

    def deposited(self, number: int, investor: int = 1) -> Payment:
        state: Payment = self.find(deposit_id(number, investor))
        return state

    def invest(self, number: int, amount: int, *, investor: int = 1, campaign: UUID = CAMPAIGN) -> None:
        """A commitment and its money."""
        self.commit(number, amount, investor=investor, campaign=campaign)
        if self.campaign(campaign).terms.currency == "wei":
            self.deposit(number, amount, investor=investor, campaign=campaign)
        else:
            self.pay(number, amount)

    def record_on_chain(self, number: int) -> None:
        self.do(c.ConfirmRecording(investment_id=investment_id(number), on_chain=self.fact()), by=INDEXER)

    def cancel(self, number: int, *, investor: int = 1) -> None:
        command = c.CancelInvestment(investment_id=investment_id(number), reason="changed my mind")
        self.do(command, by=owner_of(investor))

    def confirm_refund(self, number: int) -> None:
        self.do(c.ConfirmRefund(investment_id=investment_id(number), on_chain=self.fact()), by=INDEXER)

    # How a campaign changes and ends.

    def declare_change(self, *, change: UUID = CHANGE, kind: str = "documents") -> None:
        declare = c.DeclareChange(campaign_id=CAMPAIGN, change_id=change, kind=kind, digest=DIGEST)
        self.do(declare, by=ISSUER)

    def approve_change(self, *, change: UUID = CHANGE) -> None:
        self.do(c.ApproveChange(campaign_id=CAMPAIGN, change_id=change, digest=DIGEST), by=COMPLIANCE)

    def close(self, campaign: UUID = CAMPAIGN) -> None:
        """At the deadline."""
        deadline = self.campaign(campaign).deadline
        assert deadline is not None
        self.now = max(self.now, deadline)
        self.do(c.CloseCampaign(campaign_id=campaign, reason="deadline"), by=PROCESS)

    def confirm_closing(self, campaign: UUID = CAMPAIGN) -> None:
        self.do(c.ConfirmClosing(campaign_id=campaign, on_chain=self.fact()), by=INDEXER)

    def call_off(self, campaign: UUID = CAMPAIGN) -> None:
        """A cancellation by two people."""
        self.do(c.RequestCancellation(campaign_id=campaign, reason="fraud"), by=COMPLIANCE)
        self.do(c.ApproveCancellation(campaign_id=campaign), by=OTHER_COMPLIANCE)

    def allot(self, number: int) -> None:
        self.do(c.AllotShares(investment_id=investment_id(number)), by=PROCESS)

    def certify(self, number: int) -> None:
        command = c.ConfirmCertificate(
            investment_id=investment_id(number), token_id=str(0x100 + number), on_chain=self.fact()
        )
        self.do(command, by=INDEXER)

    def request_release(self, release: UUID = RELEASE) -> None:
        self.do(c.RequestRelease(campaign_id=CAMPAIGN, release_id=release), by=MAKER)

    def approve_release(self, release: UUID = RELEASE) -> None:
        self.do(c.ApproveRelease(campaign_id=CAMPAIGN, release_id=release), by=CHECKER)

    def confirm_release(self, release: UUID = RELEASE) -> None:
        command = c.ConfirmRelease(campaign_id=CAMPAIGN, release_id=release, on_chain=self.fact())
        self.do(command, by=INDEXER)


class Stage(Acts):
    """The acts on a world in memory. `ask` answers what came of a command; `do` fails if it was refused."""

    def __init__(self, *, now: datetime = NOW, packs: RulePacks = ALL_PACKS) -> None:
        super().__init__(now=now)
        self.world: Given = given(now=now, packs=packs)

    def ask(self, command: c.Command, *, by: Actor) -> When:
        return self.world.when(command, by=by, now=self.now)

    def do(self, command: c.Command, *, by: Actor) -> When:
        when = self.ask(command, by=by)
        assert when.refusal is None, f"{command} refused: {when.refusal.code}: {when.refusal.text}"
        return when

    def find(self, stream: UUID) -> Any:
        versioned = self.world.states.get(stream)
        return versioned[0] if versioned else None


def live(terms: Terms = DEFAULT, *, investors: int = 1) -> Stage:
    """A campaign that is open, and people who may commit to it."""
    stage = Stage()
    stage.open_campaign(terms)
    for number in range(1, investors + 1):
        stage.register_investor(number)
        if terms.currency == "EUR":
            stage.pass_test(number)
        if terms.currency == "USD":
            stage.declare_means(number, pack=terms.rule_pack, income=100_000_000, net_worth=100_000_000)
    return stage


def succeeded(terms: Terms = DEFAULT) -> Stage:
    """A campaign whose success the chain has confirmed; investment 1 raised it."""
    stage = live(terms)
    stage.invest(1, terms.cap)
    stage.record_on_chain(1)
    stage.close()
    stage.confirm_closing()
    return stage


def failed() -> Stage:
    """A campaign whose failure the chain has confirmed, with investment 1 to refund."""
    stage = live()
    stage.invest(1, 20_000)
    stage.record_on_chain(1)
    stage.close()
    stage.confirm_closing()
    return stage


def certified() -> Stage:
    """Investment 1 has its certificate."""
    stage = succeeded()
    stage.allot(1)
    stage.certify(1)
    return stage
