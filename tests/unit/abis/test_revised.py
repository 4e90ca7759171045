"""What may come again on a chain: a company's updates, activity and locks, a campaign's pauses and deadlines."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abis import Log, calls, revision_key, to_bytes32
from abis.logs import (
    AlreadyRecorded,
    Conflict,
    DeadlineSet,
    ExclusivityLocked,
    ExclusivityReleased,
    IssuerActiveSet,
    IssuerUpdated,
    PausedSet,
)
from tests.support.chain import ChainAtHand
from tests.unit.abis.ledger import (
    CAMPAIGN,
    COMPANY,
    DIGEST,
    DURATION_S,
    EVIDENCE,
    INVESTOR,
    ISSUER,
    ZERO,
    LedgerOnChain,
    create,
    entry,
    investment,
    register,
)

OTHER_CAMPAIGN = UUID(int=2**127 + 0xCB)
REGISTRY = "IssuerRegistry"


def update(
    *,
    revision: int = 2,
    wallet: str = INVESTOR,
    documents_hash: bytes = EVIDENCE,
    leaf: int = 20,
    company: UUID = COMPANY,
) -> bytes:
    return calls.update(
        company_id=company, revision=revision, wallet=wallet, documents_hash=documents_hash, entry=entry(leaf)
    )


def set_active(*, active: bool, revision: int = 2, leaf: int = 21) -> bytes:
    return calls.set_active(company_id=COMPANY, revision=revision, active=active, entry=entry(leaf))


def lock(*, campaign: UUID = CAMPAIGN, revision: int = 2, leaf: int = 22, company: UUID = COMPANY) -> bytes:
    return calls.lock(company_id=company, revision=revision, campaign_id=campaign, entry=entry(leaf))


def unlock(*, campaign: UUID = CAMPAIGN, revision: int = 3, leaf: int = 23, company: UUID = COMPANY) -> bytes:
    return calls.unlock(company_id=company, revision=revision, campaign_id=campaign, entry=entry(leaf))


def set_paused(*, paused: bool, revision: int = 2, leaf: int = 24) -> bytes:
    return calls.set_paused(revision=revision, paused=paused, entry=entry(leaf))


def set_deadline(deadline_s: int, *, revision: int = 2, leaf: int = 25) -> bytes:
    return calls.set_deadline(revision=revision, deadline_s=deadline_s, entry=entry(leaf))


# Companies.


def test_a_company_is_updated_with_another_wallet_and_other_documents(ledger: LedgerOnChain) -> None:
    (log,) = ledger.registered().post(REGISTRY, update())
    assert log == IssuerUpdated(
        company_id=to_bytes32(COMPANY), entry=entry(20), revision=2, wallet=INVESTOR, documents_hash=EVIDENCE
    )
    assert ledger.ask(REGISTRY, "walletOf(bytes32)", to_bytes32(COMPANY)) == int(INVESTOR, 16)
    (again,) = ledger.post(REGISTRY, register(leaf=30))
    assert isinstance(again, AlreadyRecorded), "the registration is what it was"


def test_only_a_company_of_the_register_is_updated_locked_or_unlocked(ledger: LedgerOnChain) -> None:
    unknown = f"IssuerUnknown(0x{to_bytes32(COMPANY).hex()})"
    for data in (update(), lock(), unlock()):
        assert ledger.refused(REGISTRY, data).text == unknown
    assert ledger.registered().refused(REGISTRY, update(wallet=ZERO)).code == "WalletMissing"


def test_a_company_that_is_not_active_opens_no_campaign_until_it_is_again(ledger: LedgerOnChain) -> None:
    (log,) = ledger.registered().post(REGISTRY, set_active(active=False))
    assert log == IssuerActiveSet(company_id=to_bytes32(COMPANY), entry=entry(21), revision=2, active=False)
    assert ledger.ask(REGISTRY, "isActive(bytes32)", to_bytes32(COMPANY)) == 0
    assert ledger.ask(REGISTRY, "isRegistered(bytes32)", to_bytes32(COMPANY)) == 1
    assert ledger.refused("CampaignFactory", create()).text == f"IssuerInactive(0x{to_bytes32(COMPANY).hex()})"
    ledger.post(REGISTRY, set_active(active=True, revision=3))
    assert ledger.ask(REGISTRY, "isActive(bytes32)", to_bytes32(COMPANY)) == 1
    ledger.post("CampaignFactory", create())


def test_a_company_suspended_before_it_is_registered_is_not_active_then(ledger: LedgerOnChain) -> None:
    ledger.post(REGISTRY, set_active(active=False))
    ledger.registered()
    assert ledger.ask(REGISTRY, "isActive(bytes32)", to_bytes32(COMPANY)) == 0


def test_a_creation_is_repeated_without_effect_also_when_its_company_is_not_active_any_more(
    ledger: LedgerOnChain,
) -> None:
    ledger.created().post(REGISTRY, set_active(active=False))
    (log,) = ledger.post("CampaignFactory", create(entry=entry(31)))
    assert isinstance(log, AlreadyRecorded)


def test_one_campaign_holds_a_company_and_lets_it_go(ledger: LedgerOnChain) -> None:
    (locked,) = ledger.registered().post(REGISTRY, lock())
    said: dict[str, Any] = {"company_id": to_bytes32(COMPANY), "campaign_id": to_bytes32(CAMPAIGN)}
    assert locked == ExclusivityLocked(**said, entry=entry(22), revision=2)
    assert ledger.ask(REGISTRY, "exclusiveCampaignOf(bytes32)", to_bytes32(COMPANY)) == int.from_bytes(
        to_bytes32(CAMPAIGN), "big"
    )
    held = f"ExclusivityHeld(0x{to_bytes32(COMPANY).hex()}, 0x{to_bytes32(CAMPAIGN).hex()})"
    assert ledger.refused(REGISTRY, lock(campaign=OTHER_CAMPAIGN, revision=3)).text == held
    assert ledger.refused(REGISTRY, unlock(campaign=OTHER_CAMPAIGN)).text == held
    (released,) = ledger.post(REGISTRY, unlock())
    assert released == ExclusivityReleased(**said, entry=entry(23), revision=3)
    assert ledger.ask(REGISTRY, "exclusiveCampaignOf(bytes32)", to_bytes32(COMPANY)) == 0
    ledger.post(REGISTRY, lock(campaign=OTHER_CAMPAIGN, revision=4))


def test_a_lock_names_a_campaign_and_what_is_not_locked_is_not_unlocked(ledger: LedgerOnChain) -> None:
    ledger.registered()
    for data in (lock(campaign=UUID(int=0)), unlock(campaign=UUID(int=0))):
        assert ledger.refused(REGISTRY, data).code == "CampaignMissing"
    nobody = f"ExclusivityHeld(0x{to_bytes32(COMPANY).hex()}, 0x{bytes(32).hex()})"
    assert ledger.refused(REGISTRY, unlock()).text == nobody


# Campaigns.


def test_a_campaign_is_paused_and_goes_on_and_what_was_paid_is_recorded_all_the_while(ledger: LedgerOnChain) -> None:
    (log,) = ledger.created().post("campaign", set_paused(paused=True))
    assert log == PausedSet(campaign_id=to_bytes32(CAMPAIGN), entry=entry(24), revision=2, paused=True)
    assert ledger.ask("campaign", "paused()") == 1
    ledger.post("campaign", calls.record_investments([investment(1)]))
    ledger.post("campaign", set_paused(paused=False, revision=3))
    assert ledger.ask("campaign", "paused()") == 0


def test_a_deadline_moves_to_a_later_time_and_not_out_of_sight(ledger: LedgerOnChain) -> None:
    have = ledger.created().ask("campaign", "deadline()")
    for given_s in (have, have - 1, have + 731 * 86_400, 2**64 - 1):
        assert ledger.refused("campaign", set_deadline(given_s)).text == f"DeadlineInvalid({have}, {given_s})"
    (log,) = ledger.post("campaign", set_deadline(have + 1))
    assert log == DeadlineSet(campaign_id=to_bytes32(CAMPAIGN), entry=entry(25), revision=2, deadline=have + 1)
    assert ledger.ask("campaign", "deadline()") == have + 1


def test_a_closed_campaign_is_neither_paused_nor_extended(ledger: LedgerOnChain) -> None:
    deadline = ledger.closed(investment(1), successful=True).ask("campaign", "deadline()")
    for data in (set_paused(paused=True), set_deadline(deadline + 1)):
        assert ledger.refused("campaign", data).code == "CampaignIsClosed"


def test_a_campaign_below_its_threshold_closes_but_not_as_successful(ledger: LedgerOnChain) -> None:
    ledger.recorded(investment(1, amount=39_999))
    close: dict[str, Any] = {"raised": 39_999, "entry": entry(9)}
    assert ledger.refused("campaign", calls.close(successful=True, **close)).text == "ThresholdMissed(39999, 40000)"
    ledger.post("campaign", calls.close(successful=False, **close))


def test_a_campaign_at_its_threshold_closes_as_successful_and_may_fail_all_the_same(ledger: LedgerOnChain) -> None:
    ledger.recorded(investment(1))
    close: dict[str, Any] = {"raised": 40_000, "entry": entry(9)}
    snapshot = ledger.chain.rpc.call("evm_snapshot")
    ledger.post("campaign", calls.close(successful=True, **close))
    ledger.chain.rpc.call("evm_revert", snapshot)
    ledger.post("campaign", calls.close(successful=False, **close))
    assert ledger.ask("campaign", "successful()") == 0


def test_money_of_the_last_minute_is_recorded_for_thirty_days_and_then_no_more(ledger: LedgerOnChain) -> None:
    ledger.recorded(investment(1))
    grace = ledger.ask("campaign", "RECORDING_GRACE()")
    assert grace == 30 * 86_400
    ledger.chain.wait(DURATION_S + grace - 60)
    ledger.post("campaign", calls.record_investments([investment(2)]))
    ledger.chain.wait(120)
    refusal = ledger.refused("campaign", calls.record_investments([investment(3)]))
    assert refusal.text == f"RecordingOver(0x{to_bytes32(CAMPAIGN).hex()}, {ledger.ask('campaign', 'deadline()')})"
    (again,) = ledger.post("campaign", calls.record_investments([investment(1)]))
    assert isinstance(again, AlreadyRecorded), "what is recorded is repeated without effect for ever"
    ledger.post("campaign", calls.close(successful=True, raised=80_000, entry=entry(9)))


# What holds for each of them.

LATER_S = 4_000_000_000
CALLS: dict[str, tuple[str, bytes, bytes, bytes]] = {  # the place, the call, it again, and another under its revision
    "update": (REGISTRY, update(), update(leaf=71), update(wallet=ISSUER, leaf=72)),
    "setActive": (REGISTRY, set_active(active=False), set_active(active=False, leaf=71), set_active(active=True)),
    "lock": (REGISTRY, lock(), lock(leaf=71), lock(campaign=OTHER_CAMPAIGN, leaf=72)),
    "unlock": (REGISTRY, unlock(), unlock(leaf=71), unlock(campaign=OTHER_CAMPAIGN, leaf=72)),
    "setPaused": ("campaign", set_paused(paused=True), set_paused(paused=True, leaf=71), set_paused(paused=False)),
    "setDeadline": ("campaign", b"", b"", b""),  # its values follow from the block: see `_call`
}


def _call(ledger: LedgerOnChain, name: str) -> tuple[str, bytes, bytes, bytes]:
    """A created campaign, whose company is locked where that is needed, and the call in its three forms."""
    ledger.created()
    if name == "unlock":
        ledger.post(REGISTRY, lock())
    if name != "setDeadline":
        return CALLS[name]
    later = ledger.ask("campaign", "deadline()") + 1
    return "campaign", set_deadline(later), set_deadline(later, leaf=71), set_deadline(later + 1, leaf=72)


@pytest.mark.parametrize("name", CALLS)
def test_a_change_repeated_is_told_and_other_content_under_its_revision_is_a_conflict(
    ledger: LedgerOnChain, name: str
) -> None:
    place, data, again, other = _call(ledger, name)
    ledger.post(place, data)
    (repeated,) = ledger.post(place, again)
    assert isinstance(repeated, AlreadyRecorded)
    (conflict,) = ledger.post(place, other)
    assert isinstance(conflict, Conflict)
    assert conflict.have != conflict.given
    assert ledger.post(place, other) == [conflict], "the conflict changed what is recorded"


@pytest.mark.parametrize("name", CALLS)
def test_nobody_without_the_role_changes_anything_and_every_change_names_its_entry(
    ledger: LedgerOnChain, name: str
) -> None:
    place, data, _, _ = _call(ledger, name)
    for key in ("0x" + "5e" * 32, ledger.chain.deployer_key):
        assert ledger.refused(place, data, key=key).code in {"AccessControlUnauthorizedAccount", "NotOperator"}
    nameless = data[:-32] + bytes(32)
    assert ledger.refused(place, nameless).code == "EntryMissing"


def test_a_revision_that_was_overtaken_is_a_conflict_with_the_last_and_changes_nothing(ledger: LedgerOnChain) -> None:
    ledger.registered().post(REGISTRY, update(revision=5))
    last = ledger.ask(REGISTRY, "digestOf(bytes32)", revision_key(COMPANY, 5)).to_bytes(32, "big")
    late = update(revision=4, wallet=ISSUER, leaf=40)
    for _ in range(2):
        (log,) = ledger.post(REGISTRY, late)
        assert isinstance(log, Conflict)
        assert (log.key, log.entry, log.have) == (revision_key(COMPANY, 4), entry(40), last)
    (same,) = ledger.post(REGISTRY, update(revision=3, leaf=41))
    assert isinstance(same, Conflict), "the same content under an earlier revision is no repetition"
    assert ledger.ask(REGISTRY, "walletOf(bytes32)", to_bytes32(COMPANY)) == int(INVESTOR, 16)
    assert ledger.refused(REGISTRY, update(revision=4, leaf=0)).code == "EntryMissing"
    (nought,) = ledger.post(REGISTRY, set_active(active=False, revision=0))
    assert isinstance(nought, Conflict), "there is no revision before the first"


def test_revisions_of_a_company_are_counted_over_all_that_changes_and_of_each_company_alone(
    ledger: LedgerOnChain,
) -> None:
    ledger.registered().post(REGISTRY, lock(revision=5))
    (late,) = ledger.post(REGISTRY, set_active(active=False, revision=4))
    (same,) = ledger.post(REGISTRY, set_active(active=False, revision=5))
    assert isinstance(late, Conflict)
    assert isinstance(same, Conflict)
    other = UUID(int=2**127 + 0xC1)
    ledger.post(REGISTRY, calls.register(company_id=other, wallet=ISSUER, documents_hash=DIGEST, entry=entry(50)))
    (log,) = ledger.post(REGISTRY, update(company=other, revision=1))
    assert isinstance(log, IssuerUpdated)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=10))
def test_whatever_the_order_of_the_calls_the_last_revision_recorded_is_what_holds(
    chain: ChainAtHand, steps: list[tuple[int, bool]]
) -> None:
    # given a chain, and what must become of it
    snapshot = chain.rpc.call("evm_snapshot")
    ledger = LedgerOnChain(chain).created()
    recorded: dict[int, bool] = {}

    # when pauses are called for in any order, some of them again, some with other content
    for revision, paused in steps:
        (log,) = ledger.post("campaign", set_paused(paused=paused, revision=revision))
        assert type(log) is _expected(recorded, revision, paused=paused)
        if isinstance(log, PausedSet):
            recorded[revision] = paused

    # then
    assert ledger.ask("campaign", "revisionOf(bytes32)", to_bytes32(CAMPAIGN)) == max(recorded, default=0)
    assert ledger.ask("campaign", "paused()") == int(recorded[max(recorded)] if recorded else False)
    chain.rpc.call("evm_revert", snapshot)


def _expected(recorded: dict[int, bool], revision: int, *, paused: bool) -> type[Log]:
    if revision in recorded:
        return AlreadyRecorded if recorded[revision] == paused else Conflict
    return PausedSet if revision > max(recorded, default=0) else Conflict
