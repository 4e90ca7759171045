"""What may come again for one company or campaign, from the chain back to the journal: each confirmed as a posting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from abis import Log, calls, campaign_address, to_bytes32
from abis import logs as l
from abis.hashing import checksummed
from chain_indexer.blocks import Reason
from chain_indexer.confirmations import command_of
from domain import campaign, company
from domain import commands as c
from domain.journal import Entry, Event
from tests.unit.chain_indexer.parts import COMPLIANCE, OTHER_COMPLIANCE, World, caught_up, company_id, named
from tests.unit.chain_indexer.test_confirmations import (
    CAMPAIGN,
    FACT,
    GENERATION,
    HASH,
    LEAF,
    OTHER,
    SUBJECT,
    WALLET,
    objected,
)

REGISTRY, CLONE = GENERATION.addresses["IssuerRegistry"], campaign_address(GENERATION, SUBJECT)
OF_COMPANY: dict[str, Any] = {"company_id": to_bytes32(SUBJECT), "entry": LEAF, "revision": 3}
OF_CAMPAIGN: dict[str, Any] = {"campaign_id": to_bytes32(SUBJECT), "entry": LEAF, "revision": 3}
UPDATED = l.IssuerUpdated(**OF_COMPANY, wallet=checksummed(WALLET), documents_hash=bytes.fromhex(HASH))
LATER = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)
MOVED = campaign.ChangeApproved(
    change_id=CAMPAIGN, digest=HASH, deadline=LATER, reconfirm_by=LATER, previous_deadline=LATER - timedelta(days=1)
)
ROTATED = company.WalletRotated(wallet=WALLET, previous=OTHER, documents_hash=HASH, registered=True)

# Each log, the event that obliges it, and the contract that emits it.
CASES: list[tuple[Log, Event, str]] = [
    (UPDATED, company.KybRenewed(wallet=WALLET, documents_hash=HASH), REGISTRY),
    (UPDATED, ROTATED, REGISTRY),
    (l.IssuerActiveSet(**OF_COMPANY, active=False), company.CompanySuspended(reason="r", by="a"), REGISTRY),
    (l.IssuerActiveSet(**OF_COMPANY, active=True), company.CompanyReinstated(reason="r"), REGISTRY),
    (
        l.ExclusivityLocked(**OF_COMPANY, campaign_id=to_bytes32(CAMPAIGN)),
        company.ExclusivityLocked(campaign_id=CAMPAIGN, year=2026),
        REGISTRY,
    ),
    (
        l.ExclusivityReleased(**OF_COMPANY, campaign_id=to_bytes32(CAMPAIGN)),
        company.ExclusivityReleased(campaign_id=CAMPAIGN, reason="r"),
        REGISTRY,
    ),
    (l.PausedSet(**OF_CAMPAIGN, paused=True), campaign.CampaignPaused(reason="r", pauser="a"), CLONE),
    (l.PausedSet(**OF_CAMPAIGN, paused=False), campaign.CampaignResumed(reason="r"), CLONE),
    (l.DeadlineSet(**OF_CAMPAIGN, deadline=1_780_315_200), MOVED, CLONE),
]
each_case = pytest.mark.parametrize(("log", "event", "emitter"), CASES, ids=[event.TOPIC for _, event, _ in CASES])


@each_case
def test_a_log_of_what_may_come_again_confirms_the_posting_of_its_entry(log: Log, event: Event, emitter: str) -> None:
    assert objected(log, event, emitter) is None
    assert command_of(log, FACT) == c.ConfirmPosting(stream=SUBJECT, on_chain=FACT)


@each_case
def test_every_value_of_it_and_its_revision_must_be_what_was_obliged(log: Log, event: Event, emitter: str) -> None:
    for name in set(log.__struct_fields__[1:]) - {"entry"}:
        value = getattr(log, name)
        other = {bool: not value, int: 4, str: checksummed("0x" + "99" * 20), bytes: b"\x99" * 32}[type(value)]
        forged = msgspec.structs.replace(log, **{name: other})
        expected = Reason.ENTRY_OF_ANOTHER_STREAM if forged_subject(log, name) else Reason.CONTENT_DIFFERS
        assert objected(forged, event, emitter) is expected, name


def forged_subject(log: Log, name: str) -> bool:
    return name == "campaign_id" and isinstance(log, l.PausedSet | l.DeadlineSet)


@each_case
def test_it_confirms_nothing_of_another_stream_contract_or_kind(log: Log, event: Event, emitter: str) -> None:
    assert objected(log, event, emitter, stream=CAMPAIGN) is Reason.ENTRY_OF_ANOTHER_STREAM
    assert objected(log, event, "0x" + "77" * 20) is Reason.ENTRY_OBLIGES_OTHERWISE
    for other, obliging, _ in CASES:
        if type(other) is not type(log):
            assert objected(log, obliging, emitter) is Reason.ENTRY_OBLIGES_OTHERWISE


def test_what_obliges_nothing_explains_nothing() -> None:
    unmoved = msgspec.structs.replace(MOVED, previous_deadline=LATER)
    assert objected(CASES[-1][0], unmoved, CLONE) is Reason.ENTRY_OBLIGES_OTHERWISE
    unregistered = msgspec.structs.replace(ROTATED, registered=False)
    assert objected(UPDATED, unregistered, REGISTRY) is Reason.ENTRY_OBLIGES_OTHERWISE


def test_a_pause_and_a_suspension_are_confirmed_from_the_chain_once_each(world: World) -> None:
    # given a campaign that is open, on the chain as in the journal
    indexer = world.indexer()
    world.post_registration(world.kyb_approved())
    caught_up(indexer)
    world.post_campaign(world.campaign_approved("a"))
    caught_up(indexer)

    # when it is paused and resumed, and its company suspended
    (paused,) = world.journal.do(c.PauseCampaign(campaign_id=named("a"), reason="a look"), COMPLIANCE)
    (resumed,) = world.journal.do(c.ResumeCampaign(campaign_id=named("a"), reason="seen"), OTHER_COMPLIANCE)
    (suspended,) = world.journal.do(c.SuspendCompany(company_id=company_id("company"), reason="r"), COMPLIANCE)
    for entry, is_paused in ((paused, True), (resumed, False)):
        world.post_revision("a", calls.set_paused(revision=entry.version, paused=is_paused, entry=entry.leaf))
    activity = calls.set_active(
        company_id=suspended.stream, revision=suspended.version, active=False, entry=suspended.leaf
    )
    world.post_revision("IssuerRegistry", activity)
    world.post_revision("IssuerRegistry", activity)
    caught_up(indexer)

    # then the journal has what each entry obliged as confirmed, and nothing is foreign
    def confirmed(topic: str) -> list[tuple[Any, int]]:
        found: list[Entry] = world.journal.entries(topic)
        return [(entry.stream, _position(entry)) for entry in found]

    assert confirmed("campaign.posting_confirmed") == [(named("a"), paused.position), (named("a"), resumed.position)]
    assert confirmed("company.posting_confirmed") == [(suspended.stream, suspended.position)]
    assert world.rows("SELECT count(*) FROM indexer.foreign_logs WHERE reason <> 'not-a-confirmation'") == [(0,)]


def _position(entry: Entry) -> int:
    event: Any = entry.event
    position: int = event.on_chain.entry_position
    return position
