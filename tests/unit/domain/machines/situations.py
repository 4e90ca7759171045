"""Where the walks begin, what they try, and which differences between two worlds they see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

from domain.values import Milestone, Terms
from tests.unit.domain.acts import CAMPAIGN, COMPANY, investment_id, offer
from tests.unit.domain.machines.decisions import walk_decisions
from tests.unit.domain.machines.ledgers import walk_ledgers
from tests.unit.domain.machines.moves import (
    AMOUNT,
    COMPANY_MOVES,
    ENDING_MOVES,
    INVESTOR_MOVES,
    REVIEW_MOVES,
    RUNNING_MOVES,
    Move,
    a_week_passes,
    of_coin,
    of_investment,
    of_payment,
    the_deadline_comes,
    try_move,
)
from tests.unit.domain.machines.walks import walk
from tests.unit.domain.machines.watched import Transition, Watched, status_of

HALVES = (Milestone(name="a", bps=4_000), Milestone(name="b", bps=6_000))
SITUATIONS_MAX = 8_000


def local(**changes: Any) -> Terms:
    """Terms of the pack that lets most be tried at any time; one investment reaches the threshold of a goal."""
    return offer(**{"rule_pack": "local@1", "cap": 100_000, **changes})


SUCCESS = local(milestones=HALVES)
FAILURE = local(funding_goal=200_000, cap=200_000)
FIRST_COME = local(oversubscription="first_come")
COIN = local(currency="wei", rule_pack="local-coin@1")
COIN_FAILURE = local(currency="wei", rule_pack="local-coin@1", funding_goal=200_000, cap=200_000)
PRO_RATA = local(oversubscription="pro_rata")


def some(moves: Mapping[str, Move], *names: str) -> dict[str, Move]:
    return {name: moves[name] for name in names}


LATE_NEWS = some(
    REVIEW_MOVES,
    "request cancellation",
    "approve cancellation",
    "decline cancellation",
    "post update",
    "reject posting",
    "confirm posting",
)
ENDS = {
    **some(RUNNING_MOVES, "pause", "resume", "close"),
    **some(REVIEW_MOVES, "request cancellation", "approve cancellation"),
    **ENDING_MOVES,
}


def opened(seen: Counter[Transition], terms: Terms, *, investors: int = 1) -> Watched:
    world = Watched(seen)
    world.register_company()
    for number in range(1, investors + 1):
        world.register_investor(number)
    world.open_campaign(terms)
    return world


# What makes a difference.


def company_situation(world: Watched) -> Hashable:
    company = world.find(COMPANY)
    asked = (
        company.suspension is not None,
        company.rotation is not None,
        sum(1 + override.granted for override in company.overrides),
    )
    if sum(map(bool, asked)) > 1:
        return None  # these three do not touch each other
    documents = tuple((d.state, world.now >= d.expires_at) for d in company.documents.values())
    expired = company.valid_until is not None and world.now >= company.valid_until
    campaign = status_of(world.find(CAMPAIGN))
    return company.kyb, documents, company.registered is not None, company.reviewer, expired, campaign, *asked


def campaign_situation(world: Watched) -> Hashable:
    campaign = world.find(CAMPAIGN)
    change = campaign.change and (campaign.change.approved, world.now >= campaign.change.reconfirm_by)
    early = campaign.early_deadline is not None and (world.now >= campaign.early_deadline,)
    return (
        campaign.status,
        campaign.cancellation is not None,
        change,
        early,
        campaign.deadline is not None and world.now >= campaign.deadline,
        campaign.closing is not None,
        campaign.cancelling,
        tuple((release.approved, release.confirmed is not None) for release in campaign.releases),
        bool(campaign.documents),
        campaign.deployment_rejected,
        campaign.reviewer,
        *(_investment(world, number) for number in (1, 2)),
    )


def _investment(world: Watched, number: int) -> Hashable:
    investment = world.find(investment_id(number))
    if investment is None:
        return None
    return (
        investment.status,
        investment.paid > 0,
        investment.recorded is not None,
        investment.change_id is not None,
        investment.allotted is not None and investment.certified is not None,
    )


def certificate_situation(world: Watched) -> Hashable:
    investment = world.investment(1)
    request = investment.request.kind if investment.request else None
    if len(investment.changes) > 3:
        return None
    return (
        investment.status,
        request,
        investment.changing is not None,
        investment.transfer_to,
        investment.holder,
        len(investment.changes),
    )


def payment_situation(world: Watched) -> Hashable:
    payments = tuple(status_of(world.payment(reference)) for reference in ("a", "b"))
    return *payments, *(world.payment(r) and world.payment(r).investment_id for r in ("a", "b")), *_money(world)


def _money(world: Watched) -> tuple[Hashable, ...]:
    campaign = world.campaign()
    return campaign.status, campaign.closing is not None, _investment(world, 1)


def coin_situation(world: Watched) -> Hashable:
    campaign = world.campaign()
    return (
        *_money(world),
        campaign.cancellation is not None,
        status_of(world.deposited(1)),
        status_of(world.deposited(1, 2)),
        campaign.emergency_at is not None,
        tuple((r.approved, r.confirmed is not None, r.withdrawn is not None) for r in campaign.releases),
    )


def investor_situation(world: Watched) -> Hashable:
    investor = world.investor()
    expired = investor.kyc_until is not None and world.now >= investor.kyc_until
    challenge = investor.challenge and (world.now >= investor.challenge.expires_at,)
    return investor.kyc, investor.erased, challenge, investor.wallet is not None, expired


# The walks themselves: each answers how many situations it met.


def walk_companies(seen: Counter[Transition]) -> int:
    world = Watched(seen)
    try_move(world, COMPANY_MOVES["register company"])
    moves = {**COMPANY_MOVES, **some(REVIEW_MOVES, "draft", "submit", "withdraw")}
    return walk(
        world, moves=moves, passing=(a_week_passes,), situation=company_situation, situations_max=SITUATIONS_MAX
    )


def walk_campaigns(seen: Counter[Transition]) -> int:
    world = Watched(seen)
    world.register_company()
    world.draft(SUCCESS)
    situations = walk(world, moves=REVIEW_MOVES, situation=campaign_situation, situations_max=SITUATIONS_MAX)
    one = {**RUNNING_MOVES, **ENDING_MOVES, **LATE_NEWS, **of_investment(1)}
    for terms in (SUCCESS, FAILURE, PRO_RATA):
        situations += _walk(opened(seen, terms), one)
    return situations


def walk_two_investments(seen: Counter[Transition]) -> int:
    """A waiting list, and a campaign shared out, need two who want the same."""
    first, second = of_investment(1), of_investment(2)
    names = ("commit", "pay the rest", "cancel", "lapse", "take the rest back")
    moves = {
        **ENDS,
        **some(first, *(f"{name} 1" for name in (*names, "record", "allot", "order refund", "confirm refund"))),
        **some(second, *(f"{name} 2" for name in (*names, "admit", "reject"))),
    }
    situations = _walk(opened(seen, FIRST_COME, investors=2), moves)
    shares = ("commit", "pay the rest", "give all", "give a part", "give nothing", "lapse")
    moves = {
        **some(ENDS, "close", "request cancellation", "approve cancellation", *ENDING_MOVES),
        **some(first, *(f"{name} 1" for name in (*shares, "take the rest back"))),
        **some(second, *(f"{name} 2" for name in shares)),
    }
    return situations + _walk(opened(seen, PRO_RATA, investors=2), moves)


def _walk(world: Watched, moves: Mapping[str, Move]) -> int:
    passing = (a_week_passes, the_deadline_comes)
    return walk(world, moves=moves, passing=passing, situation=campaign_situation, situations_max=SITUATIONS_MAX)


def walk_silence(seen: Counter[Transition]) -> int:
    """Two investors who are asked about a change of a campaign that is called off."""
    moves = {
        **some(RUNNING_MOVES, "declare change", "approve change", "close"),
        **some(REVIEW_MOVES, "request cancellation", "approve cancellation"),
        **some(ENDING_MOVES, "confirm closing"),
    }
    names = ("commit", "pay the rest", "take silence")
    first = (*names, "record", "cancel", "reconfirm", "confirm refund")
    moves.update(some(of_investment(1), *(f"{name} 1" for name in first)))
    moves.update(some(of_investment(2), *(f"{name} 2" for name in names)))
    return _walk(opened(seen, FAILURE, investors=2), moves)


def walk_certificates(seen: Counter[Transition]) -> int:
    world = opened(seen, SUCCESS)
    world.invest(1, AMOUNT)
    world.close()
    world.confirm_closing()
    world.allot(1)
    world.certify(1)
    return walk(world, moves=of_investment(1), situation=certificate_situation, situations_max=SITUATIONS_MAX)


def walk_payments(seen: Counter[Transition]) -> int:
    situations = 0
    for terms in (SUCCESS, PRO_RATA):
        world = opened(seen, terms)
        moves = {
            **some(RUNNING_MOVES, "close"),
            **some(ENDING_MOVES, "complete closing", "confirm closing"),
            **some(of_investment(1), *(f"{n} 1" for n in ("commit", "cancel", "record", "lapse", "give a part"))),
            **of_payment("a", number=1, amount=30_000),
            **of_payment("b", number=1, amount=AMOUNT),
        }
        situations += walk(
            world,
            moves=moves,
            passing=(the_deadline_comes,),
            situation=payment_situation,
            situations_max=SITUATIONS_MAX,
        )
    return situations


def walk_coin(seen: Counter[Transition]) -> int:
    """Coin is deposited for a commitment, or for none yet; it counts, is released, refunded, or taken back."""
    situations = 0
    for terms in (COIN, COIN_FAILURE):
        moves = {
            **some(RUNNING_MOVES, "close"),
            **some(REVIEW_MOVES, "request cancellation", "approve cancellation"),
            **some(ENDING_MOVES, "confirm closing", "request release", "approve release", "confirm release"),
            **some(of_investment(1), *(f"{n} 1" for n in ("commit", "cancel", "record", "lapse", "allot"))),
            **some(of_investment(1), "order refund 1", "confirm refund 1"),
            **of_coin(),
        }
        situations += walk(opened(seen, terms), moves=moves, situation=coin_situation, situations_max=SITUATIONS_MAX)
    return situations


def walk_investors(seen: Counter[Transition]) -> int:
    world = opened(seen, SUCCESS, investors=0)
    try_move(world, INVESTOR_MOVES["register investor"])
    moves = {**INVESTOR_MOVES, **some(of_investment(1), "commit 1", "cancel 1")}

    def situation(there: Watched) -> Hashable:
        return investor_situation(there), status_of(there.find(investment_id(1)))

    return walk(world, moves=moves, passing=(a_week_passes,), situation=situation, situations_max=SITUATIONS_MAX)


WALKS = (
    walk_companies,
    walk_campaigns,
    walk_two_investments,
    walk_silence,
    walk_certificates,
    walk_payments,
    walk_coin,
    walk_investors,
    walk_decisions,
    walk_ledgers,
)
