"""The walk over what people decide about effects that the chain refused for good, wherever such an effect may stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain import commands as c
from domain.postings import CHANGES
from domain.values import ChainFact
from tests.unit.domain.acts import (
    CAMPAIGN,
    CHANGE,
    COMPANY,
    COMPLIANCE,
    DIGEST,
    INDEXER,
    ISSUER,
    OPERATOR,
    OTHER_COMPLIANCE,
    PROCESS,
    WRITER,
    investment_id,
    offer,
)
from tests.unit.domain.machines.moves import AMOUNT, NEW_WALLET, Move
from tests.unit.domain.machines.walks import walk
from tests.unit.domain.machines.watched import Transition, Watched

PLACE = 7  # the position of the entry whose effect is refused
SITUATIONS_MAX = 500
INVESTMENT = investment_id(1)
ORDER = c.OrderRefund(investment_id=INVESTMENT, reason="campaign failed")
Beginning = Callable[[Watched], None]


def _moves(stream: UUID, effect: str) -> dict[str, Move]:
    place: dict[str, Any] = {"stream": stream, "entry_position": PLACE}
    return {
        "reject": lambda _: (c.RejectPosting(**place, code="reverted", reason="no", effect=effect), WRITER),
        "release": lambda _: (c.ReleasePosting(**place, reason="mended"), OPERATOR),
        "propose": lambda _: (c.ProposeAbandonment(**place, reason="never"), OPERATOR),
        "withdraw": lambda _: (c.WithdrawAbandonment(**place, reason="a way was found"), OPERATOR),
        "approve": lambda _: (c.ApproveAbandonment(**place), COMPLIANCE),
    }


def _late(stream: UUID, effect: str) -> dict[str, Move]:
    """What the chain may show after all."""

    def fact(world: Watched) -> ChainFact:
        return replace(world.fact(), entry_position=PLACE)

    named = {"investment_id": INVESTMENT}
    every: dict[str, Move] = {
        "register": lambda w: (c.ConfirmCompanyRegistration(company_id=COMPANY, on_chain=fact(w)), INDEXER),
        "create-campaign": lambda w: (
            c.ConfirmDeployment(campaign_id=CAMPAIGN, address="0x1", deadline=w.now, on_chain=fact(w)),
            INDEXER,
        ),
        "close": lambda w: (c.ConfirmClosing(campaign_id=CAMPAIGN, on_chain=fact(w)), INDEXER),
        "record-investment": lambda w: (c.ConfirmRecording(**named, on_chain=fact(w)), INDEXER),
        "record-refund": lambda w: (c.ConfirmRefund(**named, on_chain=fact(w)), INDEXER),
    }
    change: Move = lambda w: (c.ConfirmCertificateChange(**named, change_id=CHANGE, on_chain=fact(w)), INDEXER)  # noqa: E731
    revised: Move = lambda w: (c.ConfirmPosting(stream=stream, on_chain=fact(w)), INDEXER)  # noqa: E731
    if effect in CHANGES:
        return {"confirm": change}
    return {"confirm": every.get(effect, revised)} if stream != INVESTMENT or effect in every else {}


# Where an effect may be refused: how the world came there.


def _obliged(world: Watched) -> None:
    """A company whose registration is on its way."""
    world.register_company()
    company, version = world.states[COMPANY]
    world.states[COMPANY] = (replace(company, registration="obliged", registered=None), version)


def _deploying(world: Watched) -> None:
    world.register_company()
    world.draft()
    world.approve()


def _live(world: Watched, *, goal: int = 100_000) -> None:
    world.register_company()
    world.register_investor()
    world.open_campaign(offer(rule_pack="local@1", funding_goal=goal, cap=max(goal, 120_000)))


def _funded(world: Watched) -> None:
    _live(world)
    world.invest(1, AMOUNT)


def _cancelled(world: Watched) -> None:
    _funded(world)
    world.cancel(1)


def _closed(world: Watched) -> None:
    _funded(world)
    world.record_on_chain(1)
    world.close()


def _failed(world: Watched) -> None:
    _live(world, goal=200_000)
    world.invest(1, AMOUNT)
    world.record_on_chain(1)
    world.close()


def _cancelling(world: Watched) -> None:
    _funded(world)
    world.record_on_chain(1)
    world.call_off()


def _unpaid(world: Watched) -> None:
    _live(world)
    world.close()


def _refunding(world: Watched) -> None:
    _failed(world)
    world.confirm_closing()
    world.do(ORDER, by=PROCESS)


def _settling(world: Watched) -> None:
    _closed(world)
    world.confirm_closing()
    world.request_release()
    world.approve_release()


def _allotted(world: Watched) -> None:
    _closed(world)
    world.confirm_closing()
    world.allot(1)


def _changing(kind: str) -> Beginning:
    def begin(world: Watched) -> None:
        _allotted(world)
        world.certify(1)
        wallet = None if kind == "revoke" else NEW_WALLET
        ask = c.RequestCertificateChange(
            investment_id=INVESTMENT, change_id=CHANGE, kind=kind, wallet=wallet, reason="lost", evidence=DIGEST
        )
        world.do(ask, by=COMPLIANCE)
        world.do(c.ApproveCertificateChange(investment_id=INVESTMENT, change_id=CHANGE), by=OTHER_COMPLIANCE)

    return begin


BEGINNINGS: tuple[tuple[Beginning, UUID, str], ...] = (
    (_obliged, COMPANY, "register"),
    (_live, COMPANY, "update"),
    (_deploying, CAMPAIGN, "create-campaign"),
    (_live, CAMPAIGN, "set-paused"),
    (_funded, INVESTMENT, "record-investment"),
    (_cancelled, INVESTMENT, "record-investment"),
    (_closed, INVESTMENT, "record-investment"),
    (_closed, CAMPAIGN, "close"),
    (_failed, CAMPAIGN, "close"),
    (_cancelling, CAMPAIGN, "close"),
    (_unpaid, CAMPAIGN, "close"),
    (_settling, CAMPAIGN, "record-release"),
    (_refunding, INVESTMENT, "record-refund"),
    (_allotted, INVESTMENT, "issue-certificate"),
    (_changing("revoke"), INVESTMENT, "revoke-certificate"),
    (_changing("reissue"), INVESTMENT, "reissue-certificate"),
    (_changing("transfer"), INVESTMENT, "approve-transfer"),
)


def walk_decisions(seen: Counter[Transition]) -> int:
    return sum(_walk(seen, *beginning) for beginning in BEGINNINGS)


def _walk(seen: Counter[Transition], begin: Beginning, stream: UUID, effect: str) -> int:
    world = Watched(seen)
    begin(world)
    moves: Mapping[str, Move] = {
        **_moves(stream, effect),
        **_late(stream, effect),
        "order refund": lambda w: (ORDER, PROCESS) if w.find(INVESTMENT) is not None else None,
        "submit kyb": lambda _: (c.SubmitKyb(company_id=COMPANY), ISSUER),
    }

    def situation(there: Watched) -> Hashable:
        state = there.find(stream)
        others = tuple(getattr(there.find(s), "status", None) for s in (CAMPAIGN, INVESTMENT))
        return state.postings.get(PLACE), PLACE in state.on_chain, there.find(COMPANY).kyb, others

    return walk(world, moves=moves, situation=situation, situations_max=SITUATIONS_MAX)
