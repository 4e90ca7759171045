"""Commands a second through one hot campaign, beside the same load over many, and how long a long stream takes to load.

64 clients make 10,000 commitments, more than the cap has room for: the cap must be reached exactly, never exceeded.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import uvloop

from domain import commands as c
from domain.asking import Command, Work
from domain.campaign import Campaign, CampaignApproved, CampaignDrafted, CampaignSubmitted, DeploymentConfirmed
from domain.company import CompanyRegistered, ExclusivityLocked, KybApproved, RegistrationConfirmed, company_id
from domain.errors import Refusal
from domain.handlers import decide
from domain.investment import Acknowledgement
from domain.investor import InvestorRegistered, KycApproved
from domain.journal import Actor, CommandKey, Envelope, Event, Ledger
from domain.rule_packs import load_packs
from domain.topics import codec
from domain.topics import snapshots as kept
from domain.values import ChainFact, Terms
from tests.bench.report import Goal, Report

CLIENTS = 64
COMMITMENTS = 10_000
BEYOND = 200  # commitments for which the cap has no room
CAMPAIGNS = 100
INVESTORS = 1_000
AMOUNT = 10_000
LOADS = 5

INVESTOR = Actor("investor", "investor")
SEEDER = Actor("bench", "process")
NOW = datetime.now(UTC)
FACT = ChainFact(
    chain_id=100, block_number=1, block_hash="0x" + "00" * 32, tx_hash="0x" + "00" * 32, log_index=0, entry_position=1
)


class Seed(Command, frozen=True, kw_only=True):
    """Streams as they are when the load begins."""

    streams: dict[UUID, list[Event]]


def _decide(command: Command, work: Work) -> None:
    if not isinstance(command, Seed):
        return decide(command, work)
    for stream, events in command.streams.items():
        work.create(stream, events[0])
        work.record(stream, *events[1:])
    return None


def _envelope(command: Command, actor: Actor) -> Envelope:
    key = uuid4()
    return Envelope(
        command=command,
        actor=actor,
        key=CommandKey("client:bench", str(key)),
        fingerprint=sha256(key.bytes).digest(),
        correlation_id=key,
    )


def _company(number: str) -> tuple[UUID, list[Event]]:
    wallet = "0x" + "a1" * 20
    registered = CompanyRegistered(
        legal_name="Bench", tax_number=number, sector="other", registration_year=2020, wallet=wallet, owner="issuer"
    )
    events: list[Event] = [registered, KybApproved(wallet=wallet, documents_hash="0" * 64)]
    return company_id(number), [*events, RegistrationConfirmed(on_chain=FACT)]


def _campaign(campaign_id: UUID, company: UUID, *, cap: int) -> list[Event]:
    terms = Terms(
        currency="ETB",
        funding_goal=cap,
        minimum=AMOUNT,
        cap=cap,
        share_price=1_000,
        duration_s=86_400,
        success_threshold_bps=7_500,
        fee_bps=250,
        rule_pack="local@1",
    )
    wallet = "0x" + "a1" * 20
    digest = "0" * 64
    return [
        CampaignDrafted(campaign_id=campaign_id, company_id=company, title="Bench", terms=terms, owner="issuer"),
        CampaignSubmitted(terms_hash=digest, submitter="issuer"),
        CampaignApproved(company_id=company, wallet=wallet, terms=terms, terms_hash=digest),
        DeploymentConfirmed(address=wallet, deadline=NOW + timedelta(days=1), on_chain=FACT, opened_at=NOW),
    ]


def _investor(investor_id: UUID) -> list[Event]:
    wallet = "0x" + investor_id.hex[:40].rjust(40, "b")
    registered = InvestorRegistered(
        investor_id=investor_id, reference="bench", owner=INVESTOR.id, claimed_wallet=wallet
    )
    return [registered, KycApproved(level="basic")]


def _seeded(ledger: Ledger, campaigns: int, *, cap: int) -> list[UUID]:
    """So many live campaigns, each of a company of its own."""
    made = []
    for _ in range(campaigns):
        campaign_id = uuid4()
        company, events = _company(str(campaign_id))
        locked = ExclusivityLocked(campaign_id=campaign_id, year=NOW.year)
        streams = {company: [*events, locked], campaign_id: _campaign(campaign_id, company, cap=cap)}
        ledger.handle(_envelope(Seed(streams=streams), SEEDER))
        made.append(campaign_id)
    return made


def _commitments(campaigns: list[UUID], investors: list[UUID], count: int) -> Iterable[Command]:
    for number in range(count):
        yield c.CommitInvestment(
            investment_id=uuid4(),
            campaign_id=campaigns[number % len(campaigns)],
            investor_id=investors[number % len(investors)],
            amount=AMOUNT,
            acknowledgements=(Acknowledgement("risk", "0" * 64),),
        )


def _load(ledger: Ledger, commands: Iterable[Command]) -> tuple[float, int, int]:
    """Commands a second from all clients, and how many were recorded and refused. Each waits for its answer."""
    waiting = iter(list(commands))
    recorded = 0
    refusals: list[str] = []

    async def client() -> None:
        nonlocal recorded
        for command in waiting:
            try:
                await ledger.submit_async(_envelope(command, INVESTOR))
                recorded += 1
            except Refusal as refusal:
                refusals.append(refusal.code)

    async def all_clients() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        return time.perf_counter() - began

    seconds = uvloop.run(all_clients())
    assert set(refusals) <= {"cap-exceeded"}
    return (recorded + len(refusals)) / seconds, recorded, len(refusals)


def _hot(ledger: Ledger, investors: list[UUID]) -> tuple[float, UUID]:
    (campaign_id,) = _seeded(ledger, 1, cap=AMOUNT * COMMITMENTS)
    rate, recorded, refused = _load(ledger, _commitments([campaign_id], investors, COMMITMENTS + BEYOND))
    versioned = ledger.load(campaign_id)
    assert versioned is not None
    campaign = versioned[0]
    assert isinstance(campaign, Campaign)
    assert (recorded, refused, campaign.committed) == (COMMITMENTS, BEYOND, campaign.terms.cap)
    return rate, campaign_id


def _spread(ledger: Ledger, investors: list[UUID]) -> float:
    campaigns = _seeded(ledger, CAMPAIGNS, cap=AMOUNT * COMMITMENTS // CAMPAIGNS)
    rate, recorded, refused = _load(ledger, _commitments(campaigns, investors, COMMITMENTS + BEYOND))
    assert (recorded, refused) == (COMMITMENTS, BEYOND)
    return rate


def _load_ms(dsn: str, stream: UUID) -> tuple[float, float]:
    """How long a fresh process takes to its first decision on a long stream, by its events and by its snapshot."""
    by_events, by_snapshot = [], []
    for _ in range(LOADS):
        for taken, snapshots in ((by_events, False), (by_snapshot, True)):
            ledger = _ledger(dsn, snapshots=snapshots)
            began = time.perf_counter()
            with contextlib.suppress(Refusal):  # the reason is missing: nothing changes, but the campaign was looked at
                ledger.handle(_envelope(c.CloseCampaign(campaign_id=stream, reason=""), Actor("o", "operator")))
            taken.append((time.perf_counter() - began) * 1000)
            ledger.close()
    return statistics.median(by_events), statistics.median(by_snapshot)


def _ledger(dsn: str, *, snapshots: bool) -> Ledger:
    ledger = Ledger(
        dsn,
        codec=codec(),
        decide=_decide,
        packs=load_packs(["local"]),
        clock=lambda: datetime.now(UTC),
        snapshots=kept() if snapshots else None,
    )
    ledger.start()
    return ledger


def measure(dsn: str, rounds: int) -> Report:
    """Medians over interleaved rounds. Needs a migrated database of its own; leaves its rows there."""
    ledger = _ledger(dsn, snapshots=True)
    investors = [uuid4() for _ in range(INVESTORS)]
    ledger.handle(_envelope(Seed(streams={investor: _investor(investor) for investor in investors}), SEEDER))
    hot, spread, streams = [], [], []
    for _ in range(rounds):
        rate, stream = _hot(ledger, investors)
        hot.append(rate)
        streams.append(stream)
        spread.append(_spread(ledger, investors))
    ledger.close()
    by_events, by_snapshot = _load_ms(dsn, streams[-1])
    figures = {
        "hot_campaign_commands_per_s": statistics.median(hot),
        "spread_campaigns_commands_per_s": statistics.median(spread),
        "load_10000_events_ms": by_events,
        "load_10000_events_by_snapshot_ms": by_snapshot,
    }
    ratios = {
        "hot_vs_spread": figures["hot_campaign_commands_per_s"] / figures["spread_campaigns_commands_per_s"],
        "snapshot_vs_events": by_events / by_snapshot,
    }
    goals = [Goal.at_least("ratios.hot_vs_spread", 0.5, ratios["hot_vs_spread"])]
    return Report("domain", figures, ratios, goals)
