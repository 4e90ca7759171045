"""What the writer can be asked: where the effect of an entry stands, and each lane in numbers. It only reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from chain_writer.rows import Row, statement
from chain_writer.store import Tables

Told = TypeVar("Told", bound=msgspec.Struct)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One submission. `reply` is the class of a node's last answer, `reply_text` its text without its numbers."""

    number: int
    purpose: str
    hash: str
    gas_limit: int
    gas_price_wei: int
    sends: int
    sent_block: int | None
    reply: str | None
    reply_text: str | None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """The effect of one entry. `state`: queued, bound, landed or rejected; `slot_state`: live, mined or final.

    `code` and `reason` say why it is held back (queued) or will never land (rejected); `held_until_block` when it is
    tried again. That it landed is the writer's evidence: the fact is the indexer's confirmation in the journal.
    """

    intent: UUID
    kind: str
    target: str
    lane: str
    state: str
    code: str | None
    reason: str | None
    releases: int
    held_until_block: int | None
    nonce: int | None
    outcome: str | None
    slot_state: str | None
    block_number: int | None
    block_hash: str | None
    tx_hash: str | None
    reported_position: int | None
    submissions: tuple[Attempt, ...]


class LaneFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One lane. `signer` is None for a lane that was never driven; `final_nonce` is the first that is not final.

    `draining`: it binds nothing to new nonces, by an operator's word.
    `held` of the queued intents wait for a block or an operator; `oldest_s` is the age of the oldest unsettled one,
    `oldest_queued_s` of the oldest without a nonce. `live` nonces wait for a block, the lowest for `head_age_s`.
    `leases` counts how often the lane was taken up; a worker that was overtaken has lost one. `gas_used` and `fees_wei`
    (a decimal string) are what its final nonces cost.
    """

    name: str
    signer: str | None
    owner: str | None
    leased: bool
    quarantine: str | None
    next_nonce: int | None
    final_nonce: int | None
    in_flight: int
    queued: int
    held: int
    oldest_s: int | None
    draining: bool
    bound: int
    live: int
    head_age_s: int | None
    oldest_queued_s: int | None
    leases: int
    gas_used: int | None
    fees_wei: str | None

    @property
    def quarantined(self) -> bool:
        return self.quarantine is not None


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """All lanes: intents by state, submissions by the class of a node's last answer, answers that nobody sorted."""

    intents: dict[str, int]
    replies: dict[str, int]
    unknown_replies: int


class QuestionStore(Tables):
    """What is read for people and metrics, under a role that can only read. A lost connection is made anew."""

    def _all(self, query: str | bytes, parameters: Any = ()) -> list[Row]:
        if self._connection.closed:
            self._connect()
        return super()._all(query, parameters)

    def story(self, position: int) -> Row | None:
        return self._maybe(statement("story"), (position,))

    def submissions(self, lane: UUID, nonce: int) -> list[Row]:
        return self._all(
            "SELECT number, purpose, hash, gas_limit, gas_price_wei::bigint, sends, sent_block, reply, reply_text"
            " FROM writer.submissions WHERE lane = %s AND nonce = %s ORDER BY number",
            (lane, nonce),
        )

    def figures(self) -> list[Row]:
        return self._all(statement("figures"))

    def counts(self) -> list[Row]:
        return self._all(
            "SELECT state, count(*) FROM writer.intents JOIN writer.followers USING (generation)"
            " WHERE ended_position IS NULL OR state NOT IN ('queued', 'bound') GROUP BY state"
        )

    def replies(self) -> list[Row]:
        return self._all("SELECT reply, count(*) FROM writer.submissions WHERE reply IS NOT NULL GROUP BY reply")

    def unknown_replies(self) -> int:
        return int(self._all("SELECT coalesce(sum(seen), 0)::bigint FROM writer.unknown_replies")[0][0])


class Questions:
    """A connection under a role that may read. Raises psycopg.OperationalError when the database is away."""

    def __init__(self, dsn: str) -> None:
        self._store = QuestionStore(dsn)

    def close(self) -> None:
        self._store.close()

    def story(self, entry_position: int) -> Story | None:
        """What became of the effect that an entry obliges, on the generation begun last; None without one."""
        row = self._store.story(entry_position)
        if row is None:
            return None
        *told, lane, _ = row
        attempts = [_named(Attempt, attempt) for attempt in self._store.submissions(lane, row[9])] if lane else []
        return _named(Story, (*told, row[-1], attempts))

    def lanes(self) -> list[LaneFigures]:
        return [_named(LaneFigures, row) for row in self._store.figures()]

    def totals(self) -> Totals:
        replies = {str(reply): int(count) for reply, count in self._store.replies()}
        return Totals(intents=self.counts(), replies=replies, unknown_replies=self.unknown_replies())

    def counts(self) -> dict[str, int]:
        """How many intents are in each state; what a generation that has ended left open is not waited for."""
        return {str(state): int(count) for state, count in self._store.counts()}

    def unknown_replies(self) -> int:
        """How often a node said something that the reply table does not know."""
        return self._store.unknown_replies()


def _named(kind: type[Told], row: Sequence[object]) -> Told:
    """A row as the noun whose fields its columns are, in their order."""
    names = [field.name for field in msgspec.structs.fields(kind)]
    return msgspec.convert(dict(zip(names, row, strict=True)), kind)
