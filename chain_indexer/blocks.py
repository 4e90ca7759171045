"""The nouns of the indexer: headers, ranges of logs, and what has become of a log."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from chain_indexer.logs import ChainPosition, Logs


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """A block by its number, its hash and its parent's (0x, lower case), and the seconds of its timestamp.

    With it what the audit of its logs needs: its txs, and its bloom filter (empty where the node gives none).
    Nothing else of a block is believed: Polygon Edge puts validators' data into `miner` and `extraData`, and computes
    the hash in a way of its own.
    """

    number: int
    hash: str
    parent_hash: str
    timestamp_s: int
    tx_hashes: tuple[str, ...] = ()
    bloom: bytes = b""

    def __str__(self) -> str:
        return f"block {self.number} ({self.hash})"


class Checkpoint(msgspec.Struct, frozen=True):
    """The last block whose logs are all fed back. It moves only forward."""

    header: Header

    @property
    def number(self) -> int:
        return self.header.number

    @property
    def hash(self) -> str:
        return self.header.hash


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's contract that our factory made, and the log that says so."""

    address: str
    created: ChainPosition


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at a node showed: whose chain it speaks for, its head, and its headers at the numbers asked for."""

    chain_id: int
    genesis_hash: str
    head: Header
    headers: dict[int, Header]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A range as it was read: its linked headers, the logs of the contracts asked for in the order of the chain, the
    children that are made in it, and how large the answers were."""

    blocks: tuple[Header, ...]
    logs: Logs
    children: tuple[Child, ...]
    size_bytes: int


class RangeLogs(msgspec.Struct, frozen=True, kw_only=True):
    """The logs of a range, the header of its last block from the same answer, and how large the answer was."""

    last: Header
    logs: Logs
    size_bytes: int


class Reason(StrEnum):
    """Why a log confirms nothing and is kept as foreign. Stored: a value is for ever."""

    UNKNOWN_SIGNATURE = "unknown-signature"  # our contract, but no kind of log that is known here
    NOT_A_CONFIRMATION = "not-a-confirmation"  # a role granted, a pause, a transfer that is no issuance
    CONFLICT = "conflict"  # the contract refused other content under a known key
    ENTRY_UNKNOWN = "entry-unknown"  # no entry of the journal has this leaf
    ENTRY_OF_ANOTHER_STREAM = "entry-of-another-stream"  # the entry is there, but about something else
    ENTRY_OBLIGES_OTHERWISE = "entry-obliges-otherwise"  # the entry obliges no such write, or from another contract
    CONTENT_DIFFERS = "content-differs"  # the entry obliged this write with other values
    REFUSED = "refused"  # the domain refused the confirmation
    RECORDED_OTHERWISE = "recorded-otherwise"  # this very log is in the journal with another meaning


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """A log that the journal does not explain, with what is needed to judge it beside the raw log itself."""

    reason: Reason
    kind: str | None = None
    detail: str = ""
    leaf: bytes | None = None
    entry_position: int | None = None


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A log that says nothing new: a write repeated with the same content, or the companion of an issuance."""

    kind: str


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """A log that the journal has taken as a confirmation. `position` is None where it was so already."""

    kind: str
    entry_position: int
    position: int | None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A log that no entry obliged, and that the journal has taken as a fact: coin that came or went. `position` is None
    where it was so already."""

    kind: str
    position: int | None


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """A log of a history that is stored without giving it to the journal. `kind` by its signature alone; None if that
    is unknown."""

    kind: str | None


Verdict = Confirmed | Recorded | Noted | Foreign | Imported


class Fed(msgspec.Struct, frozen=True, kw_only=True):
    """A range whose commands are all answered: what is kept of it in one transaction with the new checkpoint."""

    before: Checkpoint
    after: Checkpoint
    logs: Logs
    verdicts: tuple[Verdict, ...]  # one a log
    children: tuple[Child, ...]
    remembered: tuple[Header, ...]  # headers above the new checkpoint that are not stored yet
