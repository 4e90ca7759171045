"""The reporter: tells the domain, once each, of intents that will never land. Of those that land the indexer speaks."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from chain_writer.intents import Rejection
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

    def __init__(self, store: WriterStore, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def step(self) -> Progress:
        waiting = self._store.rejections(limit=REJECTIONS_PER_STEP_MAX)
        futures = [self._ledger.submit(_envelope(rejection)) for rejection in waiting]
        position = 0
        for rejection, future in zip(waiting, futures, strict=True):
            recorded = future.result().position
            assert recorded is not None, "a rejection is always recorded"
            self._store.reported(rejection.intent, position=recorded)
            position = max(position, recorded)
        return Progress(advanced=len(waiting), position=position, lag=0)


def _envelope(rejection: Rejection) -> Envelope:
    command = RejectPosting(
        stream=rejection.stream,
        entry_position=rejection.position,
        code=rejection.code,
        reason=rejection.reason,
    )
    return Envelope(
        command=command,
        actor=ACTOR,
        key=CommandKey(f"writer:{rejection.chain_id}", str(rejection.intent)),
        fingerprint=sha256(_encode(command)).digest(),
        correlation_id=rejection.correlation_id,
        cause=rejection.position,
    )
