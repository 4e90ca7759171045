"""The reporter: tells the domain, once each, of intents that will never land. Of those that land the indexer speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

import msgspec

from chain_writer.intents import Rejection
from chain_writer.means import no_crash, passing
from chain_writer.store import WriterStore
from domain.commands import RejectPosting
from domain.journal import Actor, CommandKey, Envelope, Ledger
from domain.progress import Progress

REJECTIONS_PER_STEP_MAX = 200
ACTOR = Actor("chain-writer", "writer")

_encode = msgspec.json.Encoder().encode


class Reporter:
    """Gives each final rejection to the ledger under a key that follows from its intent, then marks it as reported.

    Killed between the two, it gives the same command again, and the journal answers as the first time.
    """

    def __init__(self, store: WriterStore, ledger: Ledger, *, crash: Callable[[str], None] = no_crash) -> None:
        self._store = store
        self._ledger = ledger
        self._crash = crash

    def step(self) -> Progress:
        waiting = self._store.rejections(limit=REJECTIONS_PER_STEP_MAX)
        if not waiting:
            return Progress(advanced=0, position=0, lag=0)
        with passing(self._crash, "report"):
            positions = self._give(waiting)
        for rejection, position in zip(waiting, positions, strict=True):
            with passing(self._crash, "mark"):
                self._store.reported(rejection.intent, position=position)
        return Progress(advanced=len(waiting), position=max(positions), lag=0)

    def _give(self, waiting: Sequence[Rejection]) -> list[int]:
        """Where each rejection stands in the journal now."""
        futures = [self._ledger.submit(_envelope(rejection)) for rejection in waiting]
        positions = []
        for future in futures:
            position = future.result().position
            assert position is not None, "a rejection is always recorded"
            positions.append(position)
        return positions


def _envelope(rejection: Rejection) -> Envelope:
    command = RejectPosting(
        stream=rejection.stream,
        entry_position=rejection.position,
        code=rejection.code,
        reason=rejection.reason,
        effect=rejection.kind.value,
    )
    return Envelope(
        command=command,
        actor=ACTOR,
        key=CommandKey(f"writer:{rejection.chain_id}", str(rejection.intent)),
        fingerprint=sha256(_encode(command)).digest(),
        correlation_id=rejection.correlation_id,
        cause=rejection.position,
    )
