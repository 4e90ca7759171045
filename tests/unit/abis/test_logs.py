"""The logs: each kind is an event of a committed contract, read field by field, and nothing else is taken for one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from abis.artifacts import abi_of
from abis.generation import CONTRACTS
from abis.hashing import checksummed, keccak
from abis.logs import DECLARATIONS, SIGNATURES, Log, RawLog, decode

ADDRESS = "0x" + "11" * 20
VALUES: dict[str, Any] = {
    "bytes32": bytes(range(32)),
    "bytes24": bytes(range(24)),
    "address": "0x52908400098527886e0f7030069857d2e4169ee7",
    "uint256": 2**256 - 1,
    "uint64": 2**64 - 1,
    "uint8": 2**8 - 1,
    "bool": True,
}


def _events() -> dict[str, list[dict[str, Any]]]:
    """The events of the committed contracts by name; the same one of several contracts once."""
    found: dict[str, list[dict[str, Any]]] = {}
    for contract in CONTRACTS:
        for item in abi_of(contract):
            if item["type"] == "event" and item not in found.setdefault(item["name"], []):
                found[item["name"]].append(item)
    return found


def _declared(item: dict[str, Any]) -> str:
    types = [f"{i['type']} indexed" if i["indexed"] else i["type"] for i in item["inputs"]]
    return f"{item['name']}({','.join(types)})"


@pytest.mark.parametrize("kind", DECLARATIONS, ids=lambda kind: kind.__name__)
def test_every_declaration_is_an_event_of_a_committed_contract(kind: type[Log]) -> None:
    assert {_declared(item) for item in _events()[kind.__name__]} == {DECLARATIONS[kind]}


# What a contract of a library logs and no part of this house looks at: shown as foreign by the indexer.
UNREAD = {"Approval", "ApprovalForAll", "RoleAdminChanged"}


def test_every_event_of_our_contracts_is_read_or_known_not_to_be() -> None:
    unread = {name for name in _events() if not name.startswith("DefaultAdmin")} - set(SIGNATURES.values())
    assert unread == UNREAD


def _raw(kind: type[Log]) -> tuple[RawLog, dict[str, Any]]:
    """A log of this kind as a contract would emit it, and what it says."""
    name, _, rest = DECLARATIONS[kind].partition("(")
    arguments = rest[:-1].split(",")
    types = [argument.removesuffix(" indexed") for argument in arguments]
    words = [encode([type_], [VALUES[type_]]) for type_ in types]
    indexed = sum(argument.endswith(" indexed") for argument in arguments)
    topics = (keccak(f"{name}({','.join(types)})".encode()), *words[:indexed])
    said = [checksummed(VALUES[t]) if t == "address" else VALUES[t] for t in types]
    return RawLog(ADDRESS, topics, b"".join(words[indexed:])), dict(zip(kind.__struct_fields__, said, strict=True))


@pytest.mark.parametrize("kind", DECLARATIONS, ids=lambda kind: kind.__name__)
def test_a_log_is_read_field_by_field(kind: type[Log]) -> None:
    raw, said = _raw(kind)
    assert decode(raw) == kind(**said)


@pytest.mark.parametrize("kind", DECLARATIONS, ids=lambda kind: kind.__name__)
def test_a_log_of_another_layout_under_a_known_signature_is_not_taken_for_it(kind: type[Log]) -> None:
    raw, _ = _raw(kind)
    for other in (
        msgspec.structs.replace(raw, data=raw.data + bytes(32)),
        msgspec.structs.replace(raw, data=raw.data + b"\x00"),
        msgspec.structs.replace(raw, topics=(*raw.topics, bytes(32))),
        msgspec.structs.replace(raw, topics=()),
        msgspec.structs.replace(raw, topics=(bytes(32), *raw.topics[1:])),
    ):
        assert decode(other) is None


def test_the_signature_of_a_transfer_is_the_one_that_everybody_knows() -> None:
    known = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    assert SIGNATURES[bytes.fromhex(known)] == "Transfer"


@given(
    st.lists(st.sampled_from(sorted(SIGNATURES)) | st.binary(max_size=40), max_size=5),
    st.binary(max_size=260) | st.binary(min_size=32, max_size=32),
)
def test_reading_a_log_never_fails_whatever_it_holds(topics: list[bytes], data: bytes) -> None:
    log = decode(RawLog(ADDRESS, tuple(topics), data))
    assert log is None or type(log) in DECLARATIONS
