"""The follower: entries of the journal to intents, in one commit with the position they were read at."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from abis import Generation
from chain_writer.intents import Obligation
from chain_writer.means import no_crash, passing
from chain_writer.obligations import lane_of, obligation_of
from chain_writer.releases import obliged_anew, released_by
from chain_writer.store import WriterStore
from chain_writer.switching import switch_of
from domain.journal import Entry, JournalReader
from domain.ledger import generation_id
from domain.progress import Progress

ENTRIES_PER_STEP_MAX = 500


def promise_again(
    reader: JournalReader, store: WriterStore, generation: Generation, lanes: Sequence[str], *, positions: Sequence[int]
) -> int:
    """Promise what entries oblige that were read before, and whose intents are gone. How many were promised.

    One that is there already is left alone, and so is one beyond the follower's position: it comes by itself.
    """
    name = generation_id(generation)
    reached = store.position(name, chain_id=generation.chain_id)
    promised = 0
    for position in positions:
        entry = reader.entry(position) if position <= reached else None
        obligation = obligation_of(entry, generation) if entry is not None else None
        if obligation is not None:
            promised += store.promise_one(name, obligation, lane=lane_of(obligation.subject, lanes))
    return promised


class Follower:
    """Follows the journal for one chain generation. Two at once, or one killed anywhere, make no intent twice.

    It reads committed entries only, and every committed entry is sealed: its leaf is written with it. The entry that
    promotes another generation in the place of this one is the last that it takes on.
    """

    def __init__(
        self,
        reader: JournalReader,
        store: WriterStore,
        generation: Generation,
        lanes: Sequence[str],
        *,
        rebuilt: bool = False,
        omitted: Container[int] = (),
        crash: Callable[[str], None] = no_crash,
    ) -> None:
        """`rebuilt`: the generation is posted again beside the living one. `omitted`: entries of no effect there."""
        self._reader = reader
        self._store = store
        self._generation = generation
        self._lanes = tuple(lanes)
        self._rebuilt = rebuilt
        self._omitted = omitted
        self._crash = crash
        self._id = generation_id(generation)
        self._position = self._stored_position()
        self._ended = store.ended(self._id)
        if self._ended is None:
            self._rehome()

    def step(self) -> Progress:
        """Promise what the next entries oblige. A promotion is read last: it ends this generation, or lets it live."""
        if self._ended is not None:
            return Progress(advanced=0, position=self._position, lag=0)
        entries = self._reader.read(after=self._position, limit=ENTRIES_PER_STEP_MAX)
        switch = next((s for e in entries if (s := switch_of(e, self._id)) is not None), None)
        if switch is not None:
            entries = [entry for entry in entries if entry.position <= switch.position]
        if entries:
            obligations = [o for e in entries if (o := self._obligation(e)) is not None]
            with passing(self._crash, "promise"):
                kept = self._store.promise(
                    self._id,
                    after=self._position,
                    through=entries[-1].position,
                    obligations=[(o, lane_of(o.subject, self._lanes)) for o in obligations],
                    switch=switch,
                )
            # Another follower was first: its intents are these very ones.
            self._position = entries[-1].position if kept else self._stored_position()
            self._ended = self._store.ended(self._id) if switch is not None or not kept else None
        lag = max(0, self._reader.head() - self._position)
        return Progress(advanced=len(entries), position=self._position, lag=lag)

    def _obligation(self, entry: Entry) -> Obligation | None:
        """What an entry obliges, or obliges anew because it releases what was refused."""
        position = released_by(entry)
        if entry.position in self._omitted or position in self._omitted:
            return None
        if position is None:
            return obligation_of(entry, self._generation)
        return obliged_anew(entry, self._reader.entry(position), self._generation)

    def _rehome(self) -> None:
        """Move what waits on lanes that are no longer there; only a queue moves, never a nonce."""
        for subject in self._store.homeless(self._id, self._lanes):
            self._store.rehome(self._id, subject, lane=lane_of(subject, self._lanes))

    def _stored_position(self) -> int:
        return self._store.position(self._id, chain_id=self._generation.chain_id, rebuilt=self._rebuilt)
