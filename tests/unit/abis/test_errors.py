"""Why a call reverted, in words, whatever the node hands over."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import example, given
from hypothesis import strategies as st

from abis.artifacts import abi_of
from abis.calls import selector
from abis.errors import decode_revert
from abis.generation import CONTRACTS

ERRORS = sorted(
    {
        f"{item['name']}({','.join(argument['type'] for argument in item['inputs'])})"
        for contract in CONTRACTS
        for item in abi_of(contract)
        if item["type"] == "error"
    }
)
ERROR = selector("Error(string)")
PANIC = selector("Panic(uint256)")


def test_a_rule_of_ours_is_told_by_its_name_with_its_values() -> None:
    key = bytes(range(32))
    data = selector("CapExceeded(bytes32,uint256,uint256)") + encode(["bytes32", "uint256", "uint256"], [key, 9, 8])
    revert = decode_revert(data)
    assert (revert.code, revert.custom) == ("CapExceeded", True)
    assert revert.text == f"CapExceeded(0x{key.hex()}, 9, 8)"


@pytest.mark.parametrize("signature", ERRORS)
def test_every_error_of_a_committed_contract_is_known(signature: str) -> None:
    types = [t for t in signature.partition("(")[2][:-1].split(",") if t]
    zeros = {"address": "0x" + "00" * 20, "bytes32": bytes(32), "bool": False}
    values = [zeros.get(t, 0) for t in types]
    revert = decode_revert(selector(signature) + encode(types, values))
    assert (revert.code, revert.custom) == (signature.partition("(")[0], True)


def test_soliditys_own_errors_are_told_in_words() -> None:
    assert decode_revert(ERROR + encode(["string"], ["not today"])).text == "not today"
    assert decode_revert(PANIC + encode(["uint256"], [0x11])).text == "arithmetic overflow"
    assert decode_revert(PANIC + encode(["uint256"], [0x77])).text == "panic 0x77"
    assert decode_revert(b"").text == "reverted without a reason"


@given(st.sampled_from([b"", ERROR, PANIC, *map(selector, ERRORS)]), st.binary(max_size=200))
@example(ERROR, encode(["uint256", "uint256"], [32, 2]) + b"\xff\xfe" + bytes(30))
@example(ERROR, encode(["uint256", "uint256"], [32, 2**255]))
@example(PANIC, bytes(31))
def test_what_cannot_be_read_is_shown_as_hex_and_never_fails(head: bytes, rest: bytes) -> None:
    revert = decode_revert(head + rest)
    assert revert.code
    assert revert.text
