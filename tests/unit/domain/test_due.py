"""What falls due: learnt from entries, forgotten with others, and turned into a command; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain import commands as c
from domain.campaign import (
    CampaignPaused,
    ChangeApproved,
    ChangeDeclared,
    ClosingStarted,
    DeploymentConfirmed,
    EarlyCloseAnnounced,
    EarlyCloseLapsed,
)
from domain.company import DocumentAttached, DocumentExpired, KybApproved, KybExpired, KybRenewed, KybSubmitted
from domain.due import NOTHING, Due, Settled, command_of, learnt
from domain.investor import InvestorErased, KycApproved, KycExpired
from domain.journal import Entry, Event, Meta
from domain.topics import EVENT_CLASSES
from tests.golden.examples import EXAMPLES
from tests.unit.domain.acts import DIGEST, ISSUER_WALLET, chain_fact
from tests.unit.domain.scenario import NOW

STREAM = UUID(int=0x57)
ITEM = UUID(int=0x17E)
AT = datetime(2026, 5, 1, tzinfo=UTC)
BEFORE = datetime(2026, 4, 1, tzinfo=UTC)
POSITION = 42


def _entry(event: Event) -> Entry:
    meta = Meta(at=NOW, by="b", command_id=UUID(int=1), correlation_id=UUID(int=2), cause=None, pack="-")
    return Entry(
        position=POSITION,
        stream=STREAM,
        version=2,
        topic=event.TOPIC,
        event=event,
        meta=meta,
        leaf=bytes(32),
        state=b"",
    )


def _due(kind: str, *, item: UUID = NOTHING, at: datetime = AT) -> Due:
    return Due(kind, STREAM, item, at, POSITION)


def _settled(kind: str, *, item: UUID = NOTHING) -> Settled:
    return Settled(kind, STREAM, item)


LEARNT: list[tuple[Event, list[Due], list[Settled]]] = [
    (DeploymentConfirmed(address="0x1", deadline=AT, on_chain=chain_fact(5)), [_due("deadline")], []),
    (
        ChangeApproved(change_id=ITEM, digest=DIGEST, deadline=AT, reconfirm_by=BEFORE),
        [_due("deadline"), _due("reconfirmation", item=ITEM, at=BEFORE)],
        [_settled("early-close")],
    ),
    (EarlyCloseAnnounced(deadline=AT), [_due("early-close")], []),
    (EarlyCloseLapsed(deadline=AT), [], [_settled("early-close")]),
    (ClosingStarted(reason="deadline"), [], [_settled("deadline"), _settled("early-close")]),
    (KybApproved(wallet=ISSUER_WALLET, documents_hash=DIGEST, valid_until=AT), [_due("kyb")], []),
    (KybRenewed(wallet=ISSUER_WALLET, documents_hash=DIGEST, valid_until=AT), [_due("kyb")], []),
    (KybApproved(wallet=ISSUER_WALLET, documents_hash=DIGEST), [], [_settled("kyb")]),
    (KybRenewed(wallet=ISSUER_WALLET, documents_hash=DIGEST), [], [_settled("kyb")]),
    (KybExpired(valid_until=AT), [], [_settled("kyb")]),
    (KycApproved(level="basic", valid_until=AT), [_due("kyc")], []),
    (KycApproved(level="basic"), [], [_settled("kyc")]),
    (KycExpired(valid_until=AT), [], [_settled("kyc")]),
    (
        DocumentAttached(document_id=ITEM, kind="licence", sha256=DIGEST, expires_at=AT),
        [_due("document", item=ITEM)],
        [],
    ),
    (DocumentAttached(document_id=ITEM, kind="licence", sha256=DIGEST), [], [_settled("document", item=ITEM)]),
    (DocumentExpired(document_id=ITEM, expires_at=AT), [], [_settled("document", item=ITEM)]),
]


@pytest.mark.parametrize(("event", "due", "settled"), LEARNT, ids=lambda value: getattr(value, "TOPIC", None))
def test_an_entry_says_what_falls_due_and_what_no_longer(event: Event, due: list[Due], settled: list[Settled]) -> None:
    assert learnt(_entry(event)) == (due, settled)


TELLING = {type(event) for event, _, _ in LEARNT}


def test_no_other_event_makes_anything_fall_due() -> None:
    """A declared change or a pause moves no deadline; an erased person has no time left to keep."""
    told = {type(example.event) for example in EXAMPLES}
    assert told == set(EVENT_CLASSES)
    assert {CampaignPaused, ChangeDeclared, InvestorErased, KybSubmitted} <= told - TELLING
    for example in EXAMPLES:
        if type(example.event) not in TELLING:
            assert learnt(_entry(example.event)) == ([], []), example.event.TOPIC


@pytest.mark.parametrize(
    ("due", "command"),
    [
        (_due("deadline"), c.CloseCampaign(campaign_id=STREAM, reason="deadline")),
        (_due("early-close"), c.CloseCampaign(campaign_id=STREAM, reason="early close")),
        (_due("kyb"), c.ExpireKyb(company_id=STREAM)),
        (_due("kyc"), c.ExpireKyc(investor_id=STREAM)),
        (_due("document", item=ITEM), c.ExpireDocument(company_id=STREAM, document_id=ITEM)),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_what_is_due_is_asked_of_its_stream(due: Due, command: c.Command) -> None:
    assert command_of(due) == command


@pytest.mark.parametrize("kind", ["reconfirmation", "moon"])
def test_a_kind_that_is_no_single_command_is_a_defect(kind: str) -> None:
    """Silence is asked of each investment by the scheduler itself."""
    with pytest.raises(AssertionError, match=f"nothing is known to happen when a {kind} is due"):
        command_of(_due(kind))


def test_the_same_thing_at_another_time_is_another_command() -> None:
    """So that an extended deadline closes the campaign although the first one was refused before."""
    first, extended = _due("deadline"), _due("deadline", at=datetime(2026, 6, 1, tzinfo=UTC))
    assert first.key == f"deadline:{STREAM}:{NOTHING}:2026-05-01T00:00:00+00:00"
    keys = {first.key, extended.key, _due("kyb").key, _due("deadline", item=ITEM).key}
    assert len(keys) == 4
    assert Due("deadline", STREAM, NOTHING, AT, POSITION + 1).key == first.key
