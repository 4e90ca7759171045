"""Rows of the writer's tables to nouns, and nouns to the columns that statements take. No connection is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import msgspec

from chain_writer.deciders import Found
from chain_writer.intents import (
    Call,
    Intent,
    Kind,
    Member,
    Obligation,
    Purpose,
    Rejection,
    Slot,
    SlotState,
    Submission,
    Verdict,
    Winner,
)
from chain_writer.replies import Classified

REASON_CHARS_MAX = 500

Row = tuple[Any, ...]

_encode = msgspec.json.Encoder().encode
_call: msgspec.json.Decoder[Call] = msgspec.json.Decoder(Call)


@cache
def statement(name: str) -> bytes:
    """The SQL of `sql/<name>.sql`."""
    return files("chain_writer").joinpath(f"sql/{name}.sql").read_bytes()


def cut(reason: str | None) -> str | None:
    """A reason as it is kept: bounded."""
    return None if reason is None else reason[:REASON_CHARS_MAX]


def intent_of(row: Row) -> Intent:
    """A row of `ready`."""
    return Intent(
        id=row[0],
        kind=Kind(row[1]),
        target=row[2],
        natural_key=bytes(row[3]),
        digest=bytes(row[4]),
        leaf=bytes(row[5]),
        call=_call.decode(row[6]),
        releases=row[7],
        refused_code=row[8],
        refused_block=row[9],
    )


def slot_of(rows: Sequence[Row]) -> Slot:
    """The rows of `open_slots` for one nonce: one a submission, or one without any."""
    nonce, state, target, block_number, block_hash, winner_hash, winner = rows[0][:7]
    return Slot(
        nonce=nonce,
        state=SlotState(state),
        target=target,
        submissions=tuple(_submission(row[7:]) for row in rows if row[7] is not None),
        block_number=block_number,
        block_hash=block_hash,
        winner_hash=winner_hash,
        winner=Winner(winner) if winner else None,
    )


def _submission(row: Row) -> Submission:
    return Submission(
        number=row[0],
        purpose=Purpose(row[1]),
        hash=row[2],
        raw=bytes(row[3]),
        gas_limit=row[4],
        gas_price_wei=int(row[5]),
        made_block=row[6],
        sends=row[7],
        sent_block=row[8],
        reply=row[9],
    )


def member_of(row: Row) -> Member:
    """A row of `members`."""
    return Member(
        nonce=row[0],
        intent=row[1],
        kind=Kind(row[2]),
        target=row[3],
        natural_key=bytes(row[4]),
        digest=bytes(row[5]),
        leaf=bytes(row[6]),
        releases=row[7],
    )


def rejection_of(row: Row) -> Rejection:
    """A row of `rejections`."""
    names = ("intent", "stream", "position", "correlation_id", "chain_id", "code", "reason")
    return Rejection(**dict(zip(names, row[:-1], strict=True)), kind=Kind(row[-1]))


def promised(generation: UUID, obligations: Sequence[tuple[Obligation, str]]) -> dict[str, Any]:
    """What `promise` takes: one array a column."""
    each = [obligation for obligation, _ in obligations]
    return {
        "generation": generation,
        "intents": [o.effect for o in each],
        "positions": [o.position for o in each],
        "streams": [o.stream for o in each],
        "leaves": [o.leaf for o in each],
        "correlations": [o.correlation_id for o in each],
        "kinds": [o.kind.value for o in each],
        "targets": [o.target for o in each],
        "keys": [o.natural_key for o in each],
        "digests": [o.digest for o in each],
        "calls": [_encode(o.call).decode() for o in each],
        "subjects": [o.subject for o in each],
        "parents": [o.parent for o in each],
        "stages": [o.stage for o in each],
        "lanes": [lane for _, lane in obligations],
        "flaws": [cut(o.flaw) for o in each],
    }


def sent(lane: UUID, said: Mapping[str, Classified], *, block: int) -> dict[str, Any]:
    """What `sent` takes."""
    return {
        "lane": lane,
        "block": block,
        "hashes": list(said),
        "replies": [one.reply.value for one in said.values()],
        "texts": [one.text for one in said.values()],
    }


def mined(lane: UUID, epoch: int, seen: Found, winner: Winner) -> dict[str, Any]:
    """What `mined` and `taken_over` take."""
    return {
        "lane": lane,
        "nonce": seen.tx.nonce,
        "block_number": seen.block.number,
        "block_hash": seen.block.hash,
        "winner_hash": seen.tx.hash,
        "winner": winner.value,
        "target": seen.tx.to or "",
        "epoch": epoch,
    }


def settled(lane: UUID, verdicts: Mapping[int, Sequence[Verdict]]) -> dict[str, Any]:
    """What `settle_members` and `settle_intents` take: one array a column."""
    each = [verdict for several in verdicts.values() for verdict in several]
    return {
        "lane": lane,
        "nonces": [nonce for nonce, several in verdicts.items() for _ in several],
        "intents": [verdict.intent for verdict in each],
        "outcomes": [verdict.outcome.value for verdict in each],
        "states": [verdict.state.value for verdict in each],
        "codes": [verdict.code for verdict in each],
        "reasons": [cut(verdict.reason) for verdict in each],
    }
