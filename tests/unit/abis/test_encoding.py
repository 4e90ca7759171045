"""Our encoder says what eth-abi says, of any values of every signature, and refuses what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as some

from abis.calls import SIGNATURES
from abis.encoding import encoder, types_of

ADDRESSES = some.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())


def values_of(type_: str) -> some.SearchStrategy[Any]:
    if type_.endswith("[]"):
        return some.lists(values_of(type_[:-2]), max_size=5)
    if type_.startswith("("):
        return some.tuples(*map(values_of, types_of(type_)))
    if type_.startswith("uint"):
        return some.integers(0, 2 ** int(type_[4:]) - 1)
    if type_.startswith("bytes"):
        size = int(type_[5:])
        return some.binary(min_size=size, max_size=size)
    return {"address": ADDRESSES, "bool": some.booleans(), "string": some.text(max_size=80)}[type_]


@pytest.mark.parametrize("name", sorted(SIGNATURES))
@given(data=some.data())
def test_any_values_are_encoded_as_eth_abi_encodes_them(name: str, data: some.DataObject) -> None:
    types = types_of(SIGNATURES[name])
    values = data.draw(some.tuples(*map(values_of, types)))
    assert encoder(types)(values) == encode(types, values)


def test_what_is_far_is_named_by_its_distance_wherever_it_stands() -> None:
    types = ["uint256", "bytes32[]", "bool", "string", "(address,uint8)"]
    values = (7, [b"\x01" * 32, b"\x02" * 32], True, "Ω" * 20, ("0x" + "ab" * 20, 255))
    assert encoder(types)(values) == encode(types, values)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("uint64", 2**64),
        ("uint256", 2**256),
        ("uint8", -1),
        ("bytes32", b"\x01" * 31),
        ("bytes24", b"\x01" * 25),
        ("address", "0x" + "ab" * 19),
        ("address", "ab" * 21),
        ("address", "0x" + "zz" * 20),
    ],
    ids=str,
)
def test_a_value_that_does_not_fit_is_refused(type_: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"is no|not an address|non-hexadecimal|bytes are no"):
        encoder([type_])([value])


def test_values_that_are_too_many_or_too_few_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        encoder(["bool"])([True, False])
    with pytest.raises(ValueError, match="zip"):
        encoder(["bool", "bool"])([True])
