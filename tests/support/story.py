"""Whole stories of commands, told to a real ledger: a company, its campaign, investors, and how it ends."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from domain import commands as c
from domain.company import company_id
from domain.handlers import decide
from domain.investment import Acknowledgement
from domain.investor import Investor
from domain.journal import Actor, CommandKey, Envelope, Ledger, Outcome
from domain.rule_packs import load_packs
from domain.topics import codec
from domain.values import ChainFact, Terms, documents_hash, terms_hash
from tests.support.wallets import key_of, signed, wallet_of

IDS = UUID("5c0f7b0e-8f0f-5b86-9b1e-0d5a6f7c1e22")
WALLET = "0x00000000000000000000000000000000000000A1"
HOLDER = wallet_of("holder")
CLONE = "0x00000000000000000000000000000000000000C3"
TERMS = Terms(
    currency="ETB",
    funding_goal=1_000_000,
    minimum=10_000,
    cap=1_200_000,
    share_price=1_000,
    duration_s=86_400,
    success_threshold_bps=7_500,
    fee_bps=250,
    rule_pack="local@1",
)

ISSUER = Actor("issuer", "issuer")
INVESTOR = Actor("investor", "investor")
COMPLIANCE = Actor("compliance", "compliance")
MAKER = Actor("maker", "treasury_maker")
CHECKER = Actor("checker", "treasury_checker")
OPERATOR = Actor("operator", "operator")
PROCESS = Actor("settlement", "process")
INDEXER = Actor("chain-indexer", "indexer")
WRITER = Actor("chain-writer", "writer")


@contextmanager
def ledger_on(dsn: str, *, packs: Iterable[str] = ("default", "local")) -> Iterator[Ledger]:
    """A started ledger with the house's own codec, handlers and rule packs."""
    ledger = Ledger(
        dsn,
        codec=codec(),
        decide=decide,
        packs=load_packs(packs),
        clock=lambda: datetime.now(UTC),
    )
    ledger.start()
    try:
        yield ledger
    finally:
        ledger.close()


def named(name: str) -> UUID:
    """An id that follows from a name."""
    return uuid5(IDS, name)


class Story:
    """Each verb gives its commands by the actors whose they are. Confirmations are told as the indexer tells them."""

    def __init__(self, ledger: Ledger, *, name: str = "a") -> None:
        self.ledger = ledger
        self.name = name
        self.company = company_id(f"ET-{name}")
        self.campaign = named(f"{name}/campaign")
        self._numbers = itertools.count()

    def do(self, command: c.Command, by: Actor) -> Outcome:
        key = CommandKey(f"client:{by.id}", f"{self.name}/{next(self._numbers)}")
        return self.ledger.handle(
            Envelope(
                command=command,
                actor=by,
                key=key,
                fingerprint=sha256(repr(command).encode()).digest(),
                correlation_id=named(f"{key.scope}/{key.key}"),
            )
        )

    def fact(self, outcome: Outcome, topic: str | None = None) -> ChainFact:
        """A log that repeats the entry that an outcome made: its last one, or the one of a topic."""
        made = [event for event in outcome.events if topic in {None, event.topic}]
        position = made[-1].position
        return ChainFact(
            chain_id=100,
            block_number=1_000 + position,
            block_hash="0x" + sha256(b"block%d" % position).hexdigest(),
            tx_hash="0x" + sha256(b"tx%d" % position).hexdigest(),
            log_index=0,
            entry_position=position,
        )

    def register_company(self) -> None:
        """Registered, checked by a second person, and registered on the chain."""
        self.do(
            c.RegisterCompany(
                legal_name="Selam Coffee PLC",
                tax_number=f"ET-{self.name}",
                sector="agriculture",
                registration_year=2019,
                wallet=WALLET,
            ),
            ISSUER,
        )
        document = named(f"{self.name}/document")
        self.do(
            c.AttachDocument(company_id=self.company, document_id=document, kind="licence", sha256="ab" * 32), ISSUER
        )
        self.do(c.ApproveDocument(company_id=self.company, document_id=document), COMPLIANCE)
        self.do(c.SubmitKyb(company_id=self.company), ISSUER)
        content = documents_hash({str(document): "ab" * 32})
        approved = self.do(c.ApproveKyb(company_id=self.company, documents_hash=content), COMPLIANCE)
        fact = self.fact(approved)
        self.do(c.ConfirmCompanyRegistration(company_id=self.company, on_chain=fact), INDEXER)

    def open_campaign(self, terms: Terms = TERMS) -> None:
        """Drafted, submitted, approved by a second person, and live on the chain."""
        self.do(
            c.DraftCampaign(campaign_id=self.campaign, company_id=self.company, title="Roastery", terms=terms), ISSUER
        )
        self.do(c.SubmitCampaign(campaign_id=self.campaign), ISSUER)
        content = terms_hash(company_id=self.company, title="Roastery", terms=terms)
        approved = self.do(c.ApproveCampaign(campaign_id=self.campaign, terms_hash=content), COMPLIANCE)
        self.do(
            c.ConfirmDeployment(
                campaign_id=self.campaign,
                address=CLONE,
                deadline=datetime.now(UTC) + timedelta(days=1),
                on_chain=self.fact(approved),
            ),
            INDEXER,
        )

    def commit(self, name: str, amount: int) -> UUID:
        """An investor with an approved KYC commits an amount. The investment's id."""
        investor, investment = named(f"{self.name}/investor/{name}"), named(f"{self.name}/investment/{name}")
        self.introduce(investor, reference=f"person {name}")
        self.do(
            c.CommitInvestment(
                investment_id=investment,
                campaign_id=self.campaign,
                investor_id=investor,
                amount=amount,
                acknowledgements=(Acknowledgement("risk", "cd" * 32),),
            ),
            INVESTOR,
        )
        return investment

    def introduce(self, investor: UUID, *, reference: str, wallet: str = "holder") -> None:
        """Registered, with a wallet bound by its signature and an approved KYC."""
        self.do(c.RegisterInvestor(investor_id=investor, reference=reference), INVESTOR)
        nonce = f"nonce of {investor}"
        self.do(
            c.ChallengeWallet(
                investor_id=investor, wallet=wallet_of(wallet), nonce=nonce, domain="Tandem", chain_id=100
            ),
            INVESTOR,
        )
        versioned = self.ledger.load(investor)
        assert versioned is not None
        state = versioned[0]
        assert isinstance(state, Investor)
        assert state.challenge is not None
        signature = signed(investor, state.challenge, key=key_of(wallet))
        self.do(c.BindWallet(investor_id=investor, nonce=nonce, scheme="eip191", signature=signature), INVESTOR)
        self.do(c.ApproveKyc(investor_id=investor, level="basic"), COMPLIANCE)

    def pay(self, investment: UUID, amount: int, *, confirmed: bool = True) -> Outcome:
        """The money arrives, and the chain records the investment."""
        payment = c.RecordPayment(
            investment_id=investment, provider="bank", reference=f"ref {investment}", amount=amount, currency="ETB"
        )
        paid = self.do(payment, MAKER)
        if confirmed:
            fact = self.fact(paid, "investment.funded")
            self.do(c.ConfirmRecording(investment_id=investment, on_chain=fact), INDEXER)
        return paid

    def close(self) -> None:
        """Ended by an operator, and closed on the chain."""
        closed = self.do(c.CloseCampaign(campaign_id=self.campaign, reason="enough"), OPERATOR)
        self.do(c.ConfirmClosing(campaign_id=self.campaign, on_chain=self.fact(closed)), INDEXER)

    def certify(self, investment: UUID) -> None:
        """Allotted by the process, and certified on the chain."""
        allotted = self.do(c.AllotShares(investment_id=investment), PROCESS)
        self.do(
            c.ConfirmCertificate(investment_id=investment, token_id=str(investment.int), on_chain=self.fact(allotted)),
            INDEXER,
        )

    def release(self) -> None:
        """Requested, approved by a second person, and recorded on the chain."""
        names = {"campaign_id": self.campaign, "release_id": named(f"{self.name}/release")}
        self.do(c.RequestRelease(**names), MAKER)
        approved = self.do(c.ApproveRelease(**names), CHECKER)
        self.do(c.ConfirmRelease(**names, on_chain=self.fact(approved)), INDEXER)

    def refund(self, investment: UUID) -> None:
        """Ordered by the process, and recorded on the chain."""
        ordered = self.do(c.OrderRefund(investment_id=investment, reason="campaign failed"), PROCESS)
        self.do(c.ConfirmRefund(investment_id=investment, on_chain=self.fact(ordered)), INDEXER)


def succeed(ledger: Ledger, *, name: str = "a") -> Story:
    """A campaign that reaches its threshold: two certificates, one lapsed commitment, one release."""
    story = Story(ledger, name=name)
    story.register_company()
    story.open_campaign()
    first, second = story.commit("one", 500_000), story.commit("two", 300_000)
    idle = story.commit("three", 100_000)
    story.pay(first, 500_000)
    story.pay(second, 300_000)
    story.close()
    story.do(c.LapseCommitment(investment_id=idle, reason="campaign closed"), PROCESS)
    story.certify(first)
    story.certify(second)
    story.release()
    return story


def fail(ledger: Ledger, *, name: str = "b") -> Story:
    """A campaign that stays below its threshold: both investors have their money back."""
    story = Story(ledger, name=name)
    story.register_company()
    story.open_campaign()
    first, second = story.commit("one", 50_000), story.commit("two", 20_000)
    story.pay(first, 50_000)
    story.pay(second, 20_000)
    story.close()
    story.refund(first)
    story.refund(second)
    return story
