"""The reply table: what each node's words mean, and that a word nobody knows means "maybe"."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from abis.calls import selector
from chain_writer.replies import (
    REPLY_CHARS_MAX,
    Refused,
    Reply,
    Unclear,
    classify,
    is_mendable,
    normalised,
    simulated_error,
)

HASH = "0x" + "ab" * 32

TABLE = [
    # Polygon Edge 1.3
    ("already known", Reply.ACCEPTED),
    ("nonce too low", Reply.CONSUMED),
    ("replacement tx underpriced", Reply.OTHER_SUBMISSION),
    ("tx with the same nonce is already present", Reply.OTHER_SUBMISSION),
    ("transaction underpriced", Reply.FEE),
    ("insufficient funds for gas * price + value", Reply.FUNDS),
    ("maximum number of enqueued transactions reached", Reply.BACKPRESSURE),
    ("rejected future tx due to low slots", Reply.BACKPRESSURE),
    ("txpool is full", Reply.BACKPRESSURE),
    ("exceeds block gas limit", Reply.HOPELESS),
    ("intrinsic gas too low", Reply.HOPELESS),
    ("oversized data", Reply.HOPELESS),
    ("invalid sender", Reply.HOPELESS),
    ("cannot extract signature", Reply.HOPELESS),
    ("cannot parse RLP: cannot parse empty string", Reply.HOPELESS),
    ("incorrect number of transaction elements, expected 9 but found 3", Reply.HOPELESS),
    ("invalid account state", Reply.MAYBE),
    ("unable to get snapshot for root 0xabcdef", Reply.MAYBE),
    # geth, Besu, Erigon, Nethermind, anvil
    ("known transaction: " + HASH, Reply.ACCEPTED),
    ("transaction already imported", Reply.ACCEPTED),
    ("ALREADY_EXISTS: already known", Reply.ACCEPTED),
    ("replacement transaction underpriced", Reply.OTHER_SUBMISSION),
    ("Insufficient funds for gas * price + value", Reply.FUNDS),
    ("nonce too high", Reply.BACKPRESSURE),
    ("max fee per gas less than block base fee", Reply.FEE),
    ("intrinsic gas too high -- tx.gas_limit > env.block.gas_limit", Reply.HOPELESS),
    ("OldNonce, Current nonce: 4, nonce of rejected tx: 3", Reply.CONSUMED),
    # transport, as the port words it
    ("no answer: ReadTimeout", Reply.MAYBE),
]


@pytest.mark.parametrize(("text", "reply"), TABLE, ids=[text for text, _ in TABLE])
def test_a_known_text_has_its_class(text: str, reply: Reply) -> None:
    said = classify(sent_hash=HASH, answered_hash=None, error=text)

    assert (said.reply, said.known) == (reply, True)


def test_its_own_hash_is_an_acceptance_whatever_its_case() -> None:
    assert classify(sent_hash=HASH, answered_hash=HASH.upper().replace("0X", "0x"), error=None).reply is Reply.ACCEPTED


def test_another_hash_is_an_alarm() -> None:
    assert classify(sent_hash=HASH, answered_hash="0x" + "cd" * 32, error=None).reply is Reply.WRONG_HASH


@given(st.text())
def test_any_text_has_a_class_and_an_unknown_one_is_maybe(text: str) -> None:
    said = classify(sent_hash=HASH, answered_hash=None, error=text)

    assert said.known or said.reply is Reply.MAYBE
    assert len(said.text) <= REPLY_CHARS_MAX


def test_texts_that_differ_by_numbers_only_are_one_text() -> None:
    assert normalised("Nonce 12 of  0xABCD\n rejected") == normalised("nonce 7 of 0xEF rejected")


def test_a_custom_error_is_a_refusal_in_its_own_words() -> None:
    data = selector("InvestmentInvalid(bytes32)") + encode(["bytes32"], [b"\x07" * 32])

    answer = simulated_error(message="execution reverted", data=data)

    assert isinstance(answer, Refused)
    assert answer.revert.code == "InvestmentInvalid"
    assert not is_mendable(answer.revert)


@pytest.mark.parametrize(
    "signature",
    [
        "AccessControlUnauthorizedAccount(address,bytes32)",
        "NotOperator(address)",
        "NotEscrow(address)",
        "EnforcedPause()",
        "CapExceeded(bytes32,uint256,uint256)",
        "IssuerInactive(bytes32)",
    ],
)
def test_a_missing_role_a_pause_a_full_campaign_and_a_suspension_are_refusals_that_time_mends(signature: str) -> None:
    data = selector(signature) + bytes(32 * (signature.count(",") + ("(" + ")" not in signature)))

    answer = simulated_error(message="execution reverted", data=data)

    assert isinstance(answer, Refused)
    assert is_mendable(answer.revert)


def test_a_revert_without_data_keeps_the_reason_of_the_message() -> None:
    edge = simulated_error(
        message="unable to apply transaction even for the highest gas limit 5242880: execution reverted: boom", data=b""
    )

    assert isinstance(edge, Refused)
    assert edge.revert.text == "boom"


@pytest.mark.parametrize("message", ["incorrect nonce", "out of gas", "gas limit reached in the pool", "no answer"])
def test_anything_but_a_revert_is_unclear(message: str) -> None:
    assert isinstance(simulated_error(message=message, data=b""), Unclear)
