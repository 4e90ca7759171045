"""The journal as an application of the eventsourcing library, and the ledger: that application behind group commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, EventStore, InfrastructureFactory, Mapper
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType

from domain.journal.committer import Committer, Decide, Figures, Limits
from domain.journal.encoding import Codec, JournalMapper
from domain.journal.entries import Envelope, Outcome
from domain.journal.reader import JournalReader
from domain.journal.recorder import JournalDatastore, JournalRecorder, Session
from domain.journal.rehearsal import Rehearsed, rehearse
from domain.journal.snapshots import Snapshots
from domain.journal.work import Versioned, fold


class Journal(Application[UUID]):
    """The library's application over our tables, encoding and append. `save(*drafts)` records events without a command.

    The process environment is not read: the library's own settings (its database-function mode loses events) cannot be
    switched on from outside.
    """

    name = "journal"

    def __init__(self, dsn: str, *, codec: Codec, pool_size: int = 1) -> None:
        self._dsn = dsn
        self._codec = codec
        self._pool_size = pool_size
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:  # noqa: ARG002  # the library's seam
        placeholders = {f"POSTGRES_{key}": "-" for key in ("DBNAME", "HOST", "USER", "PASSWORD")}
        return Environment(name, {**placeholders, "CREATE_TABLE": "n", "POSTGRES_ENABLE_DB_FUNCTIONS": "n"})

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        factory: PostgresFactory = PostgresFactory(env)
        factory.datastore = JournalDatastore(self._dsn, pool_size=self._pool_size)
        return factory

    def construct_mapper(self) -> Mapper[UUID]:
        return JournalMapper(self._codec)

    def construct_recorder(self) -> ApplicationRecorder:
        assert isinstance(self.factory, PostgresFactory)
        return JournalRecorder(self.factory.datastore)

    def construct_event_store(self) -> EventStore[UUID]:
        return EventStore(self.mapper, self.recorder)

    def load(self, stream: UUID) -> Versioned | None:
        """The state and version of a stream, None if there is no such stream."""
        drafts: Iterable[Any] = self.events.get(stream)
        return fold((draft.event, draft.originator_version) for draft in drafts)


class Ledger:
    """What the rest of the house gives its commands to. One a process; `start` before use, `close` after."""

    def __init__(
        self,
        dsn: str,
        *,
        codec: Codec,
        decide: Decide,
        packs: Any,
        clock: Callable[[], datetime],
        limits: Limits | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        self.journal = Journal(dsn, codec=codec)
        self.packs = packs
        self._decide = decide
        self._clock = clock
        self._committer = Committer(
            connect=lambda: Session(dsn),
            codec=codec,
            encode=self.journal.mapper.to_stored_event,
            decide=decide,
            packs=packs,
            clock=clock,
            limits=limits,
            snapshots=snapshots,
        )

    @property
    def figures(self) -> Figures:
        """The committer's counts, for metrics."""
        return self._committer.figures

    def start(self, *, patient: bool = False) -> None:
        """Raises psycopg.OperationalError when the database is away, JournalCorrupt when its guards are.

        `patient`: begin although the database is away. Commands then hear JournalUnavailable until it is there.
        """
        self._committer.start(patient=patient)

    def close(self) -> None:
        self._committer.close()
        self.journal.close()

    def submit(self, envelope: Envelope) -> Future[Outcome]:
        """Queue a command. The future holds its Outcome or raises one of domain.errors."""
        return self._committer.submit(envelope)

    def submit_async(self, envelope: Envelope) -> asyncio.Future[Outcome]:
        """The same from a running event loop."""
        return self._committer.submit_async(envelope)

    def handle(self, envelope: Envelope) -> Outcome:
        """Submit and wait."""
        return self.submit(envelope).result()

    def rehearse(self, envelope: Envelope, *, reader: JournalReader) -> Rehearsed:
        """What a command would record now, without recording it. Raises what it would be refused with."""
        return rehearse(envelope, reader=reader, decide=self._decide, packs=self.packs, now=self._clock())

    def load(self, stream: UUID) -> Versioned | None:
        """The recorded state and version of a stream, None if there is none."""
        return self.journal.load(stream)
