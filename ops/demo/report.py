"""What a run leaves behind: every investment with its places in both ledgers, where the time went, the verdict."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ops.demo.board import Board
from ops.demo.chaos import Kill
from ops.demo.client import Tally
from ops.demo.feed import Feed, Posting
from ops.demo.plan import Commitment, Offering, Plan
from ops.reconcile import Reconciliation


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, where the chain recorded it, and the entry that confirms this."""

    event_position: int
    transaction: str
    block: int
    confirmation_position: int


class Invested(msgspec.Struct, frozen=True, kw_only=True):
    """One investment. `outcome` is certificate or refund; money in minor units, as a string."""

    investment_id: str
    investor: str
    campaign: str
    wallet: str
    amount: str
    recorded: Posted
    outcome: str
    ended: Posted


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """One company's campaign as the book shows it at the end."""

    company: str
    company_id: str
    campaign_id: str
    address: str
    status: str
    funding_goal: str
    escrow: dict[str, str]
    registered: Posted
    deployed: Posted
    closed: Posted
    released: Posted | None


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """How long one kind of thing took, over all of its kind."""

    what: str
    count: int
    p50_ms: float
    p95_ms: float
    max_ms: float


class StageTook(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of the circle from its first thing begun to its last one done."""

    name: str
    count: int
    took_s: float
    each_ms: float


class Commands(msgspec.Struct, frozen=True, kw_only=True):
    """What the client did. Commands answered from the record are retries that changed nothing."""

    given: int
    requests: int
    replayed: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The one answer of a run; `--json` prints exactly it."""

    ok: bool
    run_id: str
    seed: int
    investors: int
    started_s: dict[str, float]
    circle_s: float
    comparing_s: float
    entries: int
    commands: Commands
    campaigns: list[Offered]
    investments: list[Invested]
    stages: list[StageTook]
    where_the_time_goes: list[Took]
    kills: list[Kill]
    reconciliation: Reconciliation


def invested(plan: Plan, feed: Feed) -> list[Invested]:
    """A row for each investment, in the order of their recording."""
    rows = [_invested(offering, commitment, feed) for offering in plan.offerings for commitment in offering.commitments]
    return sorted(rows, key=lambda row: row.recorded.event_position)


def _invested(offering: Offering, commitment: Commitment, feed: Feed) -> Invested:
    stage, outcome = ("certified", "certificate") if offering.succeeds else ("refunded", "refund")
    return Invested(
        investment_id=str(commitment.investment_id),
        investor=commitment.investor.name,
        campaign=offering.name,
        wallet=commitment.investor.wallet,
        amount=str(commitment.amount),
        recorded=_posted(feed.postings[commitment.investment_id, "recorded"]),
        outcome=outcome,
        ended=_posted(feed.postings[commitment.investment_id, stage]),
    )


def offered(offering: Offering, feed: Feed, *, campaign: Mapping[str, Any], escrow: Mapping[str, Any]) -> Offered:
    """A campaign from what the API answers about it at the end."""
    sums = ("committed", "received", "released", "fee", "refunded", "held")
    released = feed.postings.get((offering.campaign_id, "released"))
    return Offered(
        company=offering.company["legal_name"],
        company_id=str(offering.company_id),
        campaign_id=str(offering.campaign_id),
        address=feed.seen[offering.campaign_id, "campaign.deployment_confirmed"].data.address or "",
        status=campaign["status"],
        funding_goal=str(offering.terms["funding_goal"]),
        escrow={name: str(escrow[name]) for name in sums},
        registered=_posted(feed.postings[offering.company_id, "registered"]),
        deployed=_posted(feed.postings[offering.campaign_id, "deployed"]),
        closed=_posted(feed.postings[offering.campaign_id, "closed"]),
        released=_posted(released) if released is not None else None,
    )


def _posted(posting: Posting) -> Posted:
    assert posting.fact is not None
    assert posting.confirmation_position is not None
    return Posted(
        event_position=posting.position,
        transaction=posting.fact.tx_hash,
        block=posting.fact.block_number,
        confirmation_position=posting.confirmation_position,
    )


def commands(tally: Tally) -> Commands:
    return Commands(given=tally.commands, requests=tally.attempts, replayed=tally.replayed)


def stages(board: Board) -> list[StageTook]:
    """How long each stage lasted, and what that is for each of its things."""
    return [
        StageTook(
            name=stage.label,
            count=stage.done,
            took_s=round(stage.took_s, 3),
            each_ms=round(1000 * stage.took_s / max(stage.done, 1), 2),
        )
        for stage in board.stages.values()
    ]


def where_the_time_goes(
    answers: Mapping[str, list[float]], postings: Iterable[Posting], block_times: Mapping[int, float]
) -> list[Took]:
    """The three stretches of everything that reaches the chain, then each kind of command by itself."""
    to_block: list[float] = []
    to_confirmation: list[float] = []
    for posting in postings:
        assert posting.fact is not None
        assert posting.confirmed_at is not None
        mined_s = block_times[posting.fact.block_number]
        # A block's time has whole seconds, so that a quick one may seem to precede its cause.
        to_block.append(max(mined_s - posting.at.timestamp(), 0.0))
        to_confirmation.append(max(posting.confirmed_at.timestamp() - mined_s, 0.0))
    everything = [took_s for kind in answers.values() for took_s in kind]
    return [
        _took("command answered (HTTP, journal)", everything),
        _took("entry to its block (writer, chain)", to_block),
        _took("block to confirmation (depth, indexer)", to_confirmation),
        *(_took(f"command: {kind}", took_s) for kind, took_s in answers.items()),
    ]


def _took(what: str, seconds: list[float]) -> Took:
    ordered = sorted(seconds)
    if not ordered:
        return Took(what=what, count=0, p50_ms=0, p95_ms=0, max_ms=0)
    return Took(
        what=what,
        count=len(ordered),
        p50_ms=round(1000 * statistics.median(ordered), 1),
        p95_ms=round(1000 * ordered[math.ceil(0.95 * len(ordered)) - 1], 1),
        max_ms=round(1000 * ordered[-1], 1),
    )
