"""One call in progress: what it reads, changes, logs and costs. What all contracts have: roles, keys, revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from eth_abi.abi import encode

from abis import Generation, RawLog
from abis import logs as l
from abis.artifacts import abi_of
from abis.calls import selector
from abis.generation import CONTRACTS
from abis.hashing import keccak

State = Mapping[tuple[Any, ...], Any]
"""Words of storage by (address, variable, keys …); absent is zero. A state is never changed once a block has it."""

Words = Sequence[bytes]
"""The arguments of a call, one word each."""

UINT256_LIMIT = 1 << 256
NOBODY = "0x" + "00" * 20
ADMIN_ROLE = bytes(32)
REGISTRAR_ROLE, OPERATOR_ROLE, TREASURY_ROLE, ESCROW_ROLE, ANCHOR_ROLE = (
    keccak(f"{role}_ROLE".encode()) for role in ("REGISTRAR", "OPERATOR", "TREASURY", "ESCROW", "ANCHOR")
)

# Gas of Istanbul, as far as it makes the difference between two calls (Yellow Paper, appendix G; EIP-1884, EIP-2200).
SET_GAS, CHANGE_GAS, READ_GAS, LOG_GAS, TOPIC_GAS, BYTE_GAS = 20_000, 5_000, 800, 375, 375, 8
CALL_GAS = 1_200  # into a contract: its dispatch, its checks
PANIC_OVERFLOW = 0x11

_SIGNATURES = {name: signature for signature, name in l.SIGNATURES.items()}


class Reverted(Exception):
    """The call reverts: with one of the contracts' own errors, or (no name) without a word."""

    def __init__(self, name: str = "", *values: Any) -> None:
        super().__init__(name)
        self.name = name
        self.values = values

    @property
    def data(self) -> bytes:
        """What a node gives as the revert's data."""
        types = _error_types()[self.name] if self.name else None
        if types is None:
            return b""
        return selector(f"{self.name}({','.join(types)})") + bytes(encode(types, self.values))


class Done(msgspec.Struct, frozen=True):
    """What a call did: the words it changed, its logs, and the gas it took beyond that of any tx."""

    changes: dict[tuple[Any, ...], Any]
    logs: tuple[RawLog, ...]
    gas: int


class Run:
    """`to` is whom the tx calls, `sender` who signed it; both lower case."""

    def __init__(self, state: State, generation: Generation, *, sender: str, to: str, timestamp_s: int) -> None:
        self._state = state
        self.generation = generation
        self.sender = sender
        self.to = to
        self.timestamp_s = timestamp_s
        self.changes: dict[tuple[Any, ...], Any] = {}
        self.logs: list[RawLog] = []
        self.gas = CALL_GAS

    # Storage.

    def get(self, *key: Any) -> Any:
        self.gas += READ_GAS
        return self.changes[key] if key in self.changes else self._state.get(key)

    def put(self, value: Any, *key: Any) -> None:
        again = key in self.changes  # what this call has written before is written for as much as it is read
        before = self.get(*key)
        self.gas += 0 if again else CHANGE_GAS if before else SET_GAS if value else 0
        self.changes[key] = value

    # Logs.

    def log(self, kind: type[l.Log], *values: Any) -> None:
        """Values in the order of the declaration."""
        self.log_at(self.to, kind, *values)

    def log_at(self, address: str, kind: type[l.Log], *values: Any) -> None:
        signature, indexed, count = _layout(kind)
        words = [word(value) for value in values]
        assert len(words) == count
        data = b"".join(words[indexed:])
        self.gas += LOG_GAS + TOPIC_GAS * (1 + indexed) + BYTE_GAS * len(data)
        self.logs.append(RawLog(address, (signature, *words[:indexed]), data))

    # Roles.

    def has(self, role: bytes, account: str, *, at: str) -> bool:
        return bool(self.get(at, "role", role, account))

    def only(self, role: bytes) -> None:
        if not self.has(role, self.sender, at=self.to):
            raise Reverted("AccessControlUnauthorizedAccount", self.sender, role)

    # Posted.sol and Revised.sol.

    def is_new(self, key: bytes, digest: bytes, entry: bytes) -> bool:
        """Record a digest under its key; the same again is a logged no-op, another a logged conflict."""
        if not any(entry):
            raise Reverted("EntryMissing")
        have = self.get(self.to, "digest", key)
        if have is None:
            self.put(digest, self.to, "digest", key)
            return True
        if have == digest:
            self.log(l.AlreadyRecorded, key, entry)
        else:
            self.log(l.Conflict, key, entry, have, digest)
        return False

    def is_new_revision(self, subject: bytes, revision: bytes, digest: bytes, entry: bytes) -> bool:
        """A revision below the last, that was never recorded, conflicts with the last."""
        key = keccak(subject + revision)
        last = self.get(self.to, "revision", subject) or 0
        if integer(revision) <= last and self.get(self.to, "digest", key) is None:
            if not any(entry):
                raise Reverted("EntryMissing")
            have = self.get(self.to, "digest", keccak(subject + word(last))) or bytes(32)
            self.log(l.Conflict, key, entry, have, digest)
            return False
        if not self.is_new(key, digest, entry):
            return False
        self.put(integer(revision), self.to, "revision", subject)
        return True


# Words.


def integer(value: bytes) -> int:
    return int.from_bytes(value, "big")


def address_in(value: bytes) -> str:
    return "0x" + value[12:].hex()


def word(value: Any) -> bytes:
    """Bytes as they are, numbers and truth on the right, an address on the right."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return bytes(12) + bytes.fromhex(value[2:])
    return int(value).to_bytes(32, "big")


def hash_of(*values: Any) -> bytes:
    """Keccak of the ABI's encoding of static values."""
    return keccak(b"".join(map(word, values)))


def checked_sum(*numbers: int) -> int:
    """As Solidity adds."""
    total = sum(numbers)
    if total >= UINT256_LIMIT:
        raise Reverted("Panic", PANIC_OVERFLOW)
    return total


@cache
def _layout(kind: type[l.Log]) -> tuple[bytes, int, int]:
    """The first topic of a kind of log, how many of its values are topics too, and how many it has."""
    declaration = l.DECLARATIONS[kind]
    return _SIGNATURES[kind.__name__], declaration.count(" indexed"), declaration.count(",") + 1


@cache
def _error_types() -> dict[str, list[str]]:
    types = {
        item["name"]: [argument["type"] for argument in item["inputs"]]
        for contract in CONTRACTS
        for item in abi_of(contract)
        if item["type"] == "error"
    }
    return types | {"Panic": ["uint256"]}
