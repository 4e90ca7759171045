"""`explain`: the whole story of one effect, from the entry that obliged it to the block that holds it, in sentences."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import dict_row

from domain.journal import Entry, JournalReader
from ops.errors import OperatorError
from ops.explain_words import sentences
from ops.explained import Attempt, Effect, Explained, Log, Ride, Told
from ops.settings import Settings
from ops.tables import print_json
from ops.wiring import reader_on

ENTRIES_MAX = 200  # of a stream or a batch: who needs more asks for an entry
TX_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
VERSIONED = re.compile(r"([0-9a-fA-F-]{32,36})@([0-9]{1,18})")
SHOWN = (
    "kind, verdict, block_number, indexer.hex(block_hash) AS block_hash, indexer.hex(tx_hash) AS tx_hash, log_index,"
    " confirmed_position, tx_index"
)
POSITION = re.compile(r"[0-9]{1,18}")

Noun = TypeVar("Noun", bound=msgspec.Struct)


class NothingFound(OperatorError):
    """What was asked for names nothing here. The text says what was looked for."""


def show(settings: Settings, asked: str, *, as_json: bool) -> None:
    """Print the story. Raises NothingFound."""
    explained = explain(settings, asked)
    if as_json:
        print_json(explained)
        return
    for paragraph in sentences(explained):
        sys.stdout.write(f"{paragraph}\n")


def explain(settings: Settings, asked: str) -> Explained:
    """Look up a journal position, `stream@version`, a stream, an intent or a tx hash. Raises NothingFound."""
    with closing(reader_on(settings, "api")) as reader, psycopg.connect(settings.dsn("api")) as connection:
        # One snapshot: what the writer and the indexer keep is read as of the same moment.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        tables = Tables(connection)
        what, entries = _find(asked.strip(), reader, tables)
        return Explained(asked=what, entries=[_told(entry, tables) for entry in entries])


def _find(asked: str, reader: JournalReader, tables: Tables) -> tuple[str, list[Entry]]:
    """What kind of name it is, and the entries that it leads to. The kinds cannot be taken for one another."""
    if POSITION.fullmatch(asked):
        return _some(f"journal position {asked}", _at(reader, [int(asked)]), f"the journal ends at {reader.head()}")
    if TX_HASH.fullmatch(asked):
        why = "neither the writer's submissions nor the indexer's logs know it"
        return _some(f"transaction {asked}", _at(reader, tables.positions_of_tx(asked.lower())), why)
    versioned = VERSIONED.fullmatch(asked)
    stream = _uuid(versioned[1] if versioned else asked)
    if stream is None:
        raise NothingFound(
            f"{asked!r} is no journal position, transaction hash (0x and 64 hex digits), intent id, stream id or"
            " stream@version: give one of these"
        )
    if versioned:
        found = reader.stream(stream)
        version = int(versioned[2])
        why = f"its last version is {found[-1].version}" if found else "there is no such stream"
        return _some(f"version {version} of stream {stream}", [e for e in found if e.version == version], why)
    positions = tables.positions_of_intent(stream)
    if positions:
        return f"intent {stream}", _at(reader, positions)
    why = "no stream and no intent has this id"
    return _some(f"stream {stream}", reader.stream(stream, limit=ENTRIES_MAX), why)


def _some(what: str, entries: list[Entry], why: str) -> tuple[str, list[Entry]]:
    if not entries:
        raise NothingFound(f"there is nothing at {what}: {why}")
    return what, entries


def _at(reader: JournalReader, positions: Sequence[int]) -> list[Entry]:
    return [entry for position in positions[:ENTRIES_MAX] if (entry := reader.entry(position)) is not None]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _told(entry: Entry, tables: Tables) -> Told:
    meta = entry.meta
    return Told(
        position=entry.position,
        stream=entry.stream,
        version=entry.version,
        topic=entry.topic,
        at=meta.at,
        by=meta.by,
        command_id=meta.command_id,
        correlation_id=meta.correlation_id,
        cause=meta.cause,
        effects=tables.effects(entry),
        logs=tables.logs(entry),
    )


class Tables:
    """What the writer and the indexer keep, read within one transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._rows = connection.cursor(row_factory=dict_row)

    def positions_of_tx(self, hash_: str) -> list[int]:
        """The entries whose effects rode in a tx, or whose logs it has."""
        found = self._asked(
            "SELECT position FROM writer.submissions JOIN writer.members USING (lane, nonce)"
            " JOIN writer.intents USING (intent) WHERE hash = %(tx)s UNION"
            " SELECT position FROM writer.slots JOIN writer.members USING (lane, nonce)"
            " JOIN writer.intents USING (intent) WHERE winner_hash = %(tx)s UNION"
            " SELECT entry_position FROM indexer.logs WHERE tx_hash = %(bytes)s AND entry_position IS NOT NULL UNION"
            " SELECT entry_position FROM indexer.past_logs WHERE tx_hash = %(bytes)s AND entry_position IS NOT NULL"
            " ORDER BY 1",
            {"tx": hash_, "bytes": bytes.fromhex(hash_[2:])},
        )
        return [row["position"] for row in found]

    def positions_of_intent(self, intent: UUID) -> list[int]:
        found = self._asked("SELECT position FROM writer.intents WHERE intent = %(intent)s", {"intent": intent})
        return [row["position"] for row in found]

    def effects(self, entry: Entry) -> list[Effect]:
        """The intents under an entry's leaf or at its position: one for each chain generation and each release."""
        found = self._asked(
            "SELECT intent, generation, position, kind, target, lane, state, code, reason, refused_block,"
            " held_until_block, releases, queued_at, settled_at, reported_position FROM writer.intents"
            " WHERE leaf = %(leaf)s OR position = %(position)s ORDER BY queued_at, position",
            {"leaf": entry.leaf, "position": entry.position},
        )
        return [_as(Effect, {**row, "rides": self._rides(row["intent"])}) for row in found]

    def _rides(self, intent: UUID) -> list[Ride]:
        found = self._asked(
            "SELECT s.lane AS id, l.name AS lane, l.address AS signer, s.nonce, s.state, s.allotted_at, s.winner,"
            " s.winner_hash, s.block_number, s.block_hash, m.outcome, m.reason, (SELECT count(*) FROM writer.members o"
            " WHERE o.lane = s.lane AND o.nonce = s.nonce) AS members FROM writer.members m"
            " JOIN writer.slots s USING (lane, nonce) JOIN writer.lanes l USING (lane)"
            " WHERE m.intent = %(intent)s ORDER BY s.allotted_at, s.nonce",
            {"intent": intent},
        )
        return [_as(Ride, {**row, "attempts": self._attempts(row["id"], row["nonce"])}) for row in found]

    def _attempts(self, lane: UUID, nonce: int) -> list[Attempt]:
        found = self._asked(
            "SELECT number, purpose, hash, gas_limit, gas_price_wei::text, made_at, made_block, sends, sent_at,"
            " sent_block, reply, reply_text FROM writer.submissions WHERE lane = %(lane)s AND nonce = %(nonce)s"
            " ORDER BY number",
            {"lane": lane, "nonce": nonce},
        )
        return [_as(Attempt, row) for row in found]

    def logs(self, entry: Entry) -> list[Log]:
        """What the chain shows of an entry, in its order; first what generations that have ended showed."""
        found = self._asked(
            f"SELECT 0 AS past, {SHOWN} FROM indexer.logs WHERE entry_position = %(position)s UNION ALL"
            f" SELECT 1, {SHOWN} FROM indexer.past_logs WHERE entry_position = %(position)s"
            " ORDER BY past DESC, block_number, tx_index, log_index",
            {"position": entry.position},
        )
        return [_as(Log, row) for row in found]

    def _asked(self, query: str, parameters: dict[str, object]) -> list[dict[str, Any]]:
        return self._rows.execute(query.encode(), parameters).fetchall()


def _as(kind: type[Noun], row: dict[str, Any]) -> Noun:
    wanted = {field.name for field in msgspec.structs.fields(kind)}
    return kind(**{name: value for name, value in row.items() if name in wanted})
