"""The people of a simulated world: companies, campaigns and investors, each act a command that may be given again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID, uuid5

from domain import commands as c
from domain.campaign import Campaign
from domain.company import Company, company_id
from domain.errors import Refusal
from domain.journal import Actor, CommandKey, Envelope
from domain.values import Terms
from tests.simulator.stores import MemoryLedger
from tests.unit.domain import acts

ISSUER_WALLETS = ("0x" + "a1" * 20, "0x" + "a2" * 20)

FEW = 4  # investments of a small campaign

Act = Callable[["Client"], bool]


class Client(acts.Acts):
    """Gives the acts of a story one after another. One that answers False waits for what it needs, and is asked again.

    Its commands are named after the act and what they ask: killed in the middle, it gives them again.
    """

    def __init__(
        self, ledger: MemoryLedger, story: list[Act], *, done: list[int], pass_time: Callable[[datetime], None]
    ):
        super().__init__()
        self.ledger = ledger
        self.pass_time = pass_time
        self._story = story
        self._done = done  # acts that are done: its own memory, which outlives it

    def step(self) -> bool:
        """Whether there was something to do."""
        if not self._story[len(self._done) :]:
            return False
        if not self._story[len(self._done)](self):
            return False
        self._done.append(len(self._done))
        return True

    def do(self, command: c.Command, *, by: Actor) -> Any:
        content = sha256(repr(command).encode())
        name = f"{len(self._done)}:{content.hexdigest()}"
        envelope = Envelope(
            command=command,
            actor=by,
            key=CommandKey(f"client:{by.id}", name),
            fingerprint=content.digest(),
            correlation_id=uuid5(acts.COMPANY, name),
        )
        try:
            return self.ledger.handle(envelope)
        except Refusal:
            return None  # as people do, it asked for what is not to be had

    def find(self, stream: UUID) -> Any:
        loaded = self.ledger.load(stream)
        return loaded[0] if loaded else None


def story(random: Random, *, investments_max: int) -> list[Act]:
    """One or two companies with a campaign each, their investors, changes on the way, and how they end."""
    companies = range(random.choice([1, 1, 2]))
    lines = [list(_company(random, number, investments_max=investments_max)) for number in companies]
    told: list[Act] = []
    while any(lines):
        line = random.choice([one for one in lines if one])
        told.append(line.pop(0))
    return told


def _company(random: Random, number: int, *, investments_max: int) -> Iterator[Act]:
    tax_number, wallet = f"ET-100{number}", ISSUER_WALLETS[number]
    company, campaign = company_id(tax_number), UUID(int=0xCA0 + number)
    yield lambda client: _register(client, company, tax_number, wallet)
    goal = 100_000 if investments_max <= FEW else 10_000_000
    yield lambda client: _propose(client, company, campaign, goal=goal)
    if random.random() < 0.2:
        yield lambda client: _suspend(client, company)
    amounts = [random.choice([10_000, 20_000, 40_000]) for _ in range(random.randint(1, investments_max))]
    for place, amount in enumerate(amounts):
        yield _investing(campaign, 1_000 * number + place, amount)
        if random.random() < 0.15:
            yield _cancelling(campaign, 1_000 * number + place)
    if random.random() < 0.2:
        yield lambda client: _pause(client, campaign)
    yield lambda client: _end(client, campaign)
    if random.random() < 0.7:
        yield lambda client: _release(client, campaign)


def _is_lost(campaign: Campaign | None) -> bool:
    """What was to come of it will never come: nobody waits for it."""
    return campaign is None or campaign.deployment_rejected


def _register(client: Client, company: UUID, tax_number: str, wallet: str) -> bool:
    client.do(
        c.RegisterCompany(
            legal_name="Selam Coffee PLC",
            tax_number=tax_number,
            sector="agriculture",
            registration_year=2019,
            wallet=wallet,
        ),
        by=acts.ISSUER,
    )
    document = UUID(int=company.int ^ 1)
    attach = c.AttachDocument(company_id=company, document_id=document, kind="licence", sha256=acts.DIGEST)
    client.do(attach, by=acts.ISSUER)
    client.do(c.SubmitKyb(company_id=company), by=acts.ISSUER)
    client.do(c.ApproveDocument(company_id=company, document_id=document), by=acts.COMPLIANCE)
    state: Company = client.find(company)
    client.do(c.ApproveKyb(company_id=company, documents_hash=state.documents_hash), by=acts.COMPLIANCE)
    return True


def _propose(client: Client, company: UUID, campaign: UUID, *, goal: int) -> bool:
    """Once the company is on the chain."""
    state: Company = client.find(company)
    if state.registered is None:
        return state.registration == "refused"
    terms: Terms = acts.offer(funding_goal=goal, cap=goal * 6 // 5)
    draft = c.DraftCampaign(campaign_id=campaign, company_id=company, title="Roastery", terms=terms)
    client.do(draft, by=acts.ISSUER)
    client.approve(campaign)
    return True


def _suspend(client: Client, company: UUID) -> bool:
    """Two changes of one issuer that must reach the chain in their order."""
    client.do(c.SuspendCompany(company_id=company, reason="a question"), by=acts.COMPLIANCE)
    client.do(c.ReinstateCompany(company_id=company, reason="answered"), by=acts.OTHER_COMPLIANCE)
    return True


def _investing(campaign: UUID, number: int, amount: int) -> Act:
    def invest(client: Client) -> bool:
        state: Campaign | None = client.find(campaign)
        if state is None or state.deadline is None:
            return _is_lost(state)
        client.commit(number, amount, investor=number % 4 + 1, campaign=campaign)
        if client.find(acts.investment_id(number)) is not None:
            client.pay(number, amount)
        return True

    return invest


def _cancelling(campaign: UUID, number: int) -> Act:
    def cancel(client: Client) -> bool:
        client.cancel(number, investor=number % 4 + 1)
        return True

    return cancel


def _pause(client: Client, campaign: UUID) -> bool:
    client.do(c.PauseCampaign(campaign_id=campaign, reason="a question"), by=acts.COMPLIANCE)
    client.do(c.ResumeCampaign(campaign_id=campaign, reason="answered"), by=acts.OTHER_COMPLIANCE)
    return True


def _end(client: Client, campaign: UUID) -> bool:
    """The deadline comes; what follows is the scheduler's and the settlement's."""
    state: Campaign | None = client.find(campaign)
    if state is None or state.deadline is None:
        return _is_lost(state)
    client.pass_time(state.deadline + timedelta(minutes=1))
    return True


def _release(client: Client, campaign: UUID) -> bool:
    """Two people let the money go, if it is theirs to give."""
    state: Campaign | None = client.find(campaign)
    if state is None or state.closing is None:
        return _is_lost(state)
    request = c.RequestRelease(campaign_id=campaign, release_id=UUID(int=campaign.int ^ 0xFE))
    client.do(request, by=acts.MAKER)
    client.do(c.ApproveRelease(campaign_id=campaign, release_id=request.release_id), by=acts.CHECKER)
    return True
