"""The deciders: every case of theirs, by values alone."""

from __future__ import annotations

import pytest

from abis.errors import Revert
from chain_writer.blocks import Block, BlockTx, Header
from chain_writer.deciders import (
    HOLD_BLOCKS,
    IN_FLIGHT_MAX,
    REBROADCAST_BLOCKS,
    REPLACE_BLOCKS,
    Fate,
    Fill,
    Funds,
    Hold,
    Reject,
    Replace,
    Send,
    Wait,
    dearer,
    fate,
    found_in,
    is_overdue,
    next_move,
    on_refusal,
    window_after,
)
from chain_writer.intents import Intent, Kind, Purpose, RecordInvestment, Slot, SlotState, Submission, Winner
from chain_writer.replies import Refused, Reply, Unclear
from tests.unit.chain_writer.house import WALLET, name

HEAD = 100
RICH = Funds(balance_wei=10**18, asked_wei=0)


def submission(**changes: object) -> Submission:
    fields = {
        "number": 1,
        "purpose": Purpose.EFFECT,
        "hash": "0x01",
        "raw": b"",
        "gas_limit": 100_000,
        "gas_price_wei": 0,
        "made_block": HEAD,
        "sends": 1,
        "sent_block": HEAD,
        "reply": Reply.ACCEPTED.value,
    }
    return Submission(**{**fields, **changes})  # type: ignore[arg-type]


def live(nonce: int, *submissions: Submission) -> Slot:
    return Slot(nonce=nonce, state=SlotState.LIVE, target=WALLET, submissions=submissions)


def mined(block_number: int, block_hash: str = "0xb") -> Slot:
    return Slot(
        nonce=1,
        state=SlotState.MINED,
        target=WALLET,
        submissions=(submission(),),
        block_number=block_number,
        block_hash=block_hash,
        winner_hash="0x01",
        winner=Winner.EFFECT,
    )


def intent(**changes: object) -> Intent:
    fields = {
        "id": name("intent"),
        "kind": Kind.RECORD_INVESTMENT,
        "target": WALLET,
        "natural_key": bytes(32),
        "digest": bytes(32),
        "leaf": bytes(32),
        "call": RecordInvestment(
            campaign_id=name("campaign"), investment_id=name("investment"), investor=WALLET, amount=1, shares=1
        ),
        "releases": 0,
        "refused_code": None,
        "refused_block": None,
    }
    return Intent(**{**fields, **changes})  # type: ignore[arg-type]


def move(*slots: Slot, funds: Funds | None = None, cap: int = 1_000, head: int = HEAD) -> object:
    return next_move(slots, head=head, gas_price_wei_max=cap, funds=funds)


def test_without_open_nonces_there_is_nothing_to_do() -> None:
    assert move() == Wait()


def test_bytes_that_never_left_are_sent_in_the_order_of_their_nonces() -> None:
    first, second = live(1, submission(sent_block=None)), live(2, submission(sent_block=None))
    assert move(first, second) == Send((first, second))


def test_what_was_sent_a_moment_ago_is_left_alone() -> None:
    assert move(live(1, submission()), live(2, submission())) == Wait()


def test_what_was_out_of_sight_for_some_blocks_is_sent_again_all_of_it() -> None:
    slots = tuple(live(nonce, submission(sent_block=HEAD - REBROADCAST_BLOCKS)) for nonce in (1, 2, 3))
    assert move(*slots) == Send(slots)


def test_a_head_that_waited_long_is_replaced_at_a_higher_price() -> None:
    slot = live(1, submission(made_block=HEAD - REPLACE_BLOCKS, gas_price_wei=100))
    assert move(slot, funds=RICH) == Replace(slot, 113)


def test_only_the_head_is_ever_replaced() -> None:
    old = submission(made_block=HEAD - REPLACE_BLOCKS)
    assert move(live(1, submission()), live(2, old), funds=RICH) == Wait()


def test_a_price_that_the_node_called_too_low_is_raised_with_the_next_block() -> None:
    slot = live(1, submission(made_block=HEAD - 1, reply=Reply.FEE.value))
    assert is_overdue(slot, head=HEAD)
    assert not is_overdue(slot, head=HEAD - 1)


@pytest.mark.parametrize(
    ("price", "cap", "funds", "expected"),
    [
        (0, 1_000, RICH, 1),
        (1, 1_000, RICH, 2),
        (100, 1_000, RICH, 113),
        (100, 1_000, Funds(balance_wei=10**18, asked_wei=500), 500),
        (100, 112, RICH, None),
        (0, 0, RICH, None),
        (0, 1_000, Funds(balance_wei=99_999, asked_wei=0), None),
    ],
    ids=["from-zero", "by-one", "by-a-step", "to-what-is-asked", "capped", "free-chain", "too-poor"],
)
def test_a_price_rises_by_a_step_within_its_cap_and_the_purse(
    price: int, cap: int, funds: Funds, expected: int | None
) -> None:
    slot = live(1, submission(gas_price_wei=price))
    assert dearer(slot, gas_price_wei_max=cap, funds=funds) == expected


def test_a_price_that_cannot_rise_is_sent_again_as_it_is() -> None:
    slot = live(1, submission(made_block=HEAD - REPLACE_BLOCKS, sent_block=HEAD - REBROADCAST_BLOCKS))
    assert move(slot, funds=Funds(balance_wei=0, asked_wei=0)) == Send((slot,))


def test_hopeless_bytes_at_the_head_are_filled_once() -> None:
    hopeless = submission(reply=Reply.HOPELESS.value)
    slot = live(1, hopeless)
    assert move(slot) == Fill(slot)
    filler = submission(purpose=Purpose.FILLER, sent_block=None)
    assert move(live(1, hopeless, filler)) == Send((live(1, hopeless, filler),))


def test_a_nonce_without_bytes_of_ours_is_filled() -> None:
    empty = live(2)
    assert move(live(1, submission()), empty) == Fill(empty)


def test_the_window_halves_under_pressure_and_grows_by_one() -> None:
    assert window_after(64, [Reply.ACCEPTED, Reply.BACKPRESSURE]) == 32
    assert window_after(1, [Reply.BACKPRESSURE]) == 1
    assert window_after(32, [Reply.ACCEPTED]) == 33
    assert window_after(IN_FLIGHT_MAX, [Reply.ACCEPTED]) == IN_FLIGHT_MAX


@pytest.mark.parametrize(
    ("canonical", "depth", "expected"),
    [
        (None, 0, Fate.KEEP),
        (Header(95, "0xother", "0xa"), 0, Fate.ROLL_BACK),
        (Header(95, "0xb", "0xa"), 5, Fate.CONCLUDE),
        (Header(95, "0xb", "0xa"), 6, Fate.KEEP),
    ],
    ids=["the-node-does-not-say", "another-block", "deep-enough", "not-deep-enough"],
)
def test_the_fate_of_a_mined_nonce(canonical: Header | None, depth: int, expected: Fate) -> None:
    assert fate(mined(95), canonical=canonical, head=HEAD, finality_depth=depth) is expected


def test_the_signers_txs_are_found_in_the_order_of_their_nonces() -> None:
    ours, other = "0x" + "aa" * 20, "0x" + "bb" * 20
    header = Header(7, "0xb", "0xa")
    block = Block(
        header,
        (
            BlockTx("0x2", ours, 5, None, b""),
            BlockTx("0x1", other, 4, None, b""),
            BlockTx("0x3", ours, 4, None, b""),
        ),
    )
    assert [found.tx.hash for found in found_in([block], sender=ours.upper().replace("0X", "0x"))] == ["0x3", "0x2"]


RULE = Refused(Revert("RaisedMismatch", "RaisedMismatch(1, 2, 3)", custom=True))
ROLE = Refused(Revert("NotOperator", "NotOperator(0x1)", custom=True))


def test_a_rule_of_the_contract_is_asked_again_when_what_it_stood_on_is_final() -> None:
    first = on_refusal(intent(), RULE, head=HEAD, finality_depth=2)
    assert first == Hold("RaisedMismatch", "RaisedMismatch(1, 2, 3)", HEAD, HEAD + 3)
    again = intent(refused_code="RaisedMismatch", refused_block=HEAD)
    assert on_refusal(again, RULE, head=HEAD + 2, finality_depth=2) == first
    assert on_refusal(again, RULE, head=HEAD + 3, finality_depth=2) == Reject(
        "RaisedMismatch", "RaisedMismatch(1, 2, 3)"
    )


def test_another_rule_begins_anew() -> None:
    before = intent(refused_code="IssuerUnknown", refused_block=HEAD - 50)
    assert isinstance(on_refusal(before, RULE, head=HEAD, finality_depth=2), Hold)


@pytest.mark.parametrize("answer", [ROLE, Unclear("out of gas")])
def test_what_may_be_mended_or_is_unclear_is_never_rejected(answer: Refused | Unclear) -> None:
    code = answer.revert.code if isinstance(answer, Refused) else "unclear"
    long_ago = intent(refused_code=code, refused_block=1)
    refusal = on_refusal(long_ago, answer, head=HEAD, finality_depth=0)
    assert isinstance(refusal, Hold)
    assert refusal.until_block == HEAD + HOLD_BLOCKS
