"""Batches: how intents are grouped, how a spoiler is found, and that the gas model bounds what the contracts need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abis import calls, to_bytes32
from chain_writer.batches import (
    GAS_OF,
    GAS_PER_BATCH_MAX,
    GAS_PER_TX_MAX,
    MEMBERS_MAX,
    Batch,
    Search,
    calldata,
    gas_limit_of,
    gas_limits_of,
    members_max,
    plan,
)
from chain_writer.intents import (
    ApproveTransfer,
    Call,
    Intent,
    Kind,
    LockExclusivity,
    ReissueCertificate,
    RevokeCertificate,
    SetActive,
    SetDeadline,
    SetPaused,
    UnlockExclusivity,
    UpdateIssuer,
)
from chain_writer.replies import Passed
from ops.stack.chain import BLOCK_GAS_LIMIT
from tests.unit.chain_writer.house import WALLET, House, exhaust, name
from tests.unit.chain_writer.test_deciders import intent


def test_intents_of_one_kind_and_contract_share_a_call_in_their_order() -> None:
    members = [intent(natural_key=bytes([n]) * 32) for n in range(5)]

    (batch,) = plan(members, batches_max=8)

    assert list(batch.members) == members


def test_other_kinds_and_contracts_have_calls_of_their_own_oldest_first() -> None:
    first, other, second = intent(), intent(target="0x" + "bb" * 20), intent()

    batches = plan([first, other, second], batches_max=8)

    assert [batch.members for batch in batches] == [(first, second), (other,)]


def test_a_released_intent_goes_alone() -> None:
    released, first, second = intent(releases=1), intent(), intent()

    assert [len(batch.members) for batch in plan([released, first, second], batches_max=8)] == [1, 2]


def test_no_kind_or_contract_waits_behind_all_that_another_has_queued() -> None:
    most, other = members_max(Kind.RECORD_INVESTMENT), intent(target="0x" + "bb" * 20)

    batches = plan([*[intent()] * (2 * most + 1), other], batches_max=3)

    assert [len(batch.members) for batch in batches] == [most, 1, most]
    assert batches[1].members == (other,)


def test_what_did_nothing_once_is_estimated_and_never_taken_for_usual() -> None:
    usual, released = (Batch(kind=Kind.RECORD_INVESTMENT, target="0x", members=(intent(releases=n),)) for n in (0, 1))
    single = Batch(kind=Kind.CLOSE, target="0x", members=(intent(kind=Kind.CLOSE),))

    assert gas_limits_of(usual) == [gas.of(1) for gas in GAS_OF[Kind.RECORD_INVESTMENT]]
    assert gas_limits_of(released) == gas_limits_of(single) == []


def test_a_full_call_is_followed_by_another() -> None:
    most = members_max(Kind.RECORD_INVESTMENT)

    assert [len(batch.members) for batch in plan([intent()] * (most + 1), batches_max=8)] == [most, 1]
    assert len(plan([intent()] * (most + 1), batches_max=1)) == 1


@given(members=st.integers(1, 300), culprit=st.integers(0, 299))
def test_the_first_spoiler_is_found_by_halving(members: int, culprit: int) -> None:
    culprit %= members
    search, probes = Search(0, members), 0
    while not search.done:
        search = search.after(passed=search.probe <= culprit)
        probes += 1

    assert search.passing == culprit
    assert probes <= members.bit_length()


def test_the_gas_limit_has_a_margin_that_grows_and_a_cap() -> None:
    assert gas_limit_of(100_000, releases=0) == 125_000
    assert gas_limit_of(100_000, releases=2) == 175_000
    assert gas_limit_of(4_500_000, releases=0) == GAS_PER_TX_MAX
    assert gas_limit_of(GAS_PER_TX_MAX, releases=0) is None


def test_the_model_keeps_a_batch_below_a_block() -> None:
    assert GAS_PER_TX_MAX < BLOCK_GAS_LIMIT
    limit = gas_limit_of(GAS_PER_BATCH_MAX, releases=0)
    assert limit is not None
    assert limit <= GAS_PER_TX_MAX


@pytest.mark.parametrize("kind", [Kind.RECORD_INVESTMENT, Kind.ISSUE_CERTIFICATE])
def test_full_batches_of_the_usual_cost_tile_a_block(kind: Kind) -> None:
    full = Batch(kind=kind, target="0x", members=(intent(kind=kind),) * members_max(kind))
    limit = gas_limits_of(full)[0]
    tiles = BLOCK_GAS_LIMIT // limit
    assert tiles * limit >= 0.95 * BLOCK_GAS_LIMIT


DEAREST = [(kind, False) for kind in GAS_OF] + [(Kind.RECORD_REFUND, True)]


SLACK_MAX = 0.05  # what a full batch may leave of its limit, or blocks would be left unused
WALLET_LIKE = int("a1" * 20, 16)  # addresses without zero bytes: calldata is as dear as it can be


@pytest.mark.parametrize(("kind", "live"), DEAREST)
def test_the_gas_model_is_an_upper_bound_of_what_the_contracts_need(house: House, kind: Kind, *, live: bool) -> None:
    # given as many members as one call takes
    most = members_max(kind)
    assert most <= MEMBERS_MAX[kind]
    house.company()
    house.campaign()
    for number in range(most):
        house.fund(f"investment-{number}", wallet=f"0x{WALLET_LIKE + number:040x}")
    lane = house.lane()
    if kind is not Kind.RECORD_INVESTMENT:
        outcome = "successful" if kind is Kind.ISSUE_CERTIFICATE else "failed"
        if not live:
            house.close(raised=10_000 * most, outcome=outcome)
        house.follow()
        house.settle(lane)
        for number in range(most):
            text = f"investment-{number}"
            if kind is Kind.ISSUE_CERTIFICATE:
                house.allot(text, wallet=f"0x{WALLET_LIKE + number:040x}")
            else:
                house.order_refund(text, live=live)
    house.follow()
    if kind is Kind.RECORD_INVESTMENT:
        settle_all_but(house, kind)

    # when the node estimates them
    head = house.chain.rpc.number("eth_blockNumber")
    members = house.store.ready(house.generation_id, "lane-0", head=head, limit=1_000)
    assert [member.kind for member in members] == [kind] * most
    answer = house.new_node().simulate(to=members[0].target, data=calldata(kind, members), sender=house.chain.signer)

    # then
    assert isinstance(answer, Passed)
    batch = Batch(kind=kind, target=members[0].target, members=tuple(members))
    limit = gas_limits_of(batch)[-1 if live else 0]
    assert limit * (1 - SLACK_MAX) <= answer.gas <= limit
    assert house.new_node().tried([(batch.target, batch.data, limit)], sender=house.chain.signer)[0] == Passed(limit)


def settle_all_but(house: House, kind: Kind) -> None:
    """Post what comes before, with a lane that is stopped right before it would bind the kind."""

    class Enough(BaseException):
        pass

    def stop(point: str) -> None:
        waiting = {row[0] for row in house.rows("SELECT kind FROM writer.intents WHERE state = 'queued'")}
        if point == "before allot" and waiting == {kind.value}:
            raise Enough

    lane = house.lane(crash=stop)
    for _ in range(20):
        try:
            exhaust(lane)
        except Enough:
            return
        house.chain.mine()
    raise AssertionError("it never came to that")


CHANGE = {"change_id": name("change"), "investment_id": name("investment"), "evidence": "ee" * 32}
CHANGES = {
    Kind.REVOKE_CERTIFICATE: (RevokeCertificate(**CHANGE), calls.revoke_certificate, {}),
    Kind.REISSUE_CERTIFICATE: (
        ReissueCertificate(**CHANGE, holder=WALLET),
        calls.reissue_certificate,
        {"holder": WALLET},
    ),
    Kind.APPROVE_TRANSFER: (ApproveTransfer(**CHANGE, receiver=WALLET), calls.approve_transfer, {"to": WALLET}),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_of_a_certificate_goes_alone_and_says_what_was_decided(kind: Kind) -> None:
    call, face, said = CHANGES[kind]
    member = intent(kind=kind, call=call, leaf=b"\x0f" * 32)

    first, second = plan([member, member], batches_max=8)

    assert [batch.members for batch in (first, second)] == [(member,), (member,)]
    expected = face(
        change_id=name("change"),
        investment_id=name("investment"),
        evidence=b"\xee" * 32,
        entry=b"\x0f" * 32,
        **said,
    )
    assert first.data == expected


COMPANY_CHANGE: dict[str, Any] = {"company_id": name("company"), "revision": 7}
CAMPAIGN_CHANGE: dict[str, Any] = {"campaign_id": name("campaign"), "revision": 7}
REVISIONS: dict[Kind, tuple[Call, Callable[..., bytes], dict[str, Any]]] = {
    Kind.UPDATE: (
        UpdateIssuer(**COMPANY_CHANGE, wallet=WALLET, documents_hash="ee" * 32),
        calls.update,
        {**COMPANY_CHANGE, "wallet": WALLET, "documents_hash": b"\xee" * 32},
    ),
    Kind.SET_ACTIVE: (SetActive(**COMPANY_CHANGE, active=False), calls.set_active, {**COMPANY_CHANGE, "active": False}),
    Kind.LOCK: (
        LockExclusivity(**COMPANY_CHANGE, campaign_id=name("campaign")),
        calls.lock,
        {**COMPANY_CHANGE, "campaign_id": name("campaign")},
    ),
    Kind.UNLOCK: (
        UnlockExclusivity(**COMPANY_CHANGE, campaign_id=name("campaign")),
        calls.unlock,
        {**COMPANY_CHANGE, "campaign_id": name("campaign")},
    ),
    Kind.SET_PAUSED: (SetPaused(**CAMPAIGN_CHANGE, paused=True), calls.set_paused, {"revision": 7, "paused": True}),
    Kind.SET_DEADLINE: (
        SetDeadline(**CAMPAIGN_CHANGE, deadline_s=99),
        calls.set_deadline,
        {"revision": 7, "deadline_s": 99},
    ),
}


@pytest.mark.parametrize("kind", REVISIONS)
def test_what_may_come_again_goes_alone_with_its_revision(kind: Kind) -> None:
    call, face, said = REVISIONS[kind]
    member = intent(kind=kind, call=call, leaf=b"\x0f" * 32)
    first, second = plan([member, member], batches_max=8)
    assert [batch.members for batch in (first, second)] == [(member,), (member,)]
    assert first.data == face(entry=b"\x0f" * 32, **said)
    of_campaign = {name("campaign")} if kind in {Kind.SET_PAUSED, Kind.SET_DEADLINE} else set()
    assert first.campaigns == of_campaign, "only these are addressed to a campaign's own contract"


def test_every_member_is_written_with_the_leaf_of_its_entry() -> None:
    member: Intent = intent(leaf=b"\x0f" * 32)
    data = calldata(Kind.RECORD_INVESTMENT, [member])
    assert b"\x0f" * 32 in data
    assert to_bytes32(member.call.investment_id) in data  # type: ignore[union-attr]
