"""What the tests of rebuilding share: a rebuild in this very process, and its slices loaded one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from domain.journal import Codec, JournalReader
from domain.topics import codec
from projections.folding import View
from projections.rebuilding.rebuild import Rebuild
from projections.rebuilding.slices import Job, load_next
from projections.rebuilding.store import RebuildStore
from projections.views import VIEWS
from tests.support.roles import as_room

ALL = tuple(view.name for view in VIEWS)


@contextmanager
def rebuild_on(dsn: str, *, views: Sequence[View] = VIEWS, reading: Codec | None = None) -> Iterator[Rebuild]:
    reader = JournalReader(as_room(dsn, "rebuild"), codec=reading or codec())
    store = RebuildStore(as_room(dsn, "rebuild"))
    try:
        yield Rebuild(reader, store, views=views)
    finally:
        store.close()
        reader.close()


def load(
    dsn: str,
    rebuild: Rebuild,
    *,
    slices: int | None = None,
    views: Sequence[View] = VIEWS,
    reading: Codec | None = None,
) -> bool:
    """Load so many slices, or all; after the last one finish. Whether nothing is left."""
    standing = rebuild.standing()
    if standing.state == "loading":
        job = Job(
            dsn=as_room(dsn, "rebuild"),
            entries=as_room(dsn, "rebuild"),
            rebuild=standing.number,
            target=standing.target,
        )
        while slices is None or slices > 0:
            if load_next(job, views, codec=reading or codec(), tell=lambda *_: None) is None:
                rebuild.finish(standing)
                return True
            slices = None if slices is None else slices - 1
        return False
    return True


def prepare(
    dsn: str,
    rebuild: Rebuild,
    *names: str,
    views: Sequence[View] = VIEWS,
    reading: Codec | None = None,
    processes: int = 1,
) -> None:
    """Everything up to the comparison."""
    rebuild.begin(names or ALL, to=None, processes=processes)
    load(dsn, rebuild, views=views, reading=reading)
    rebuild.catch_up()


def perform(dsn: str, *names: str, views: Sequence[View] = VIEWS, processes: int = 1) -> None:
    """A whole rebuild, without looking at what the comparison says."""
    with rebuild_on(dsn, views=views) as rebuild:
        prepare(dsn, rebuild, *names, views=views, processes=processes)
        rebuild.swap()


def owner(dsn: str, statement: str) -> None:
    """Change something by hand, as nobody should."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())
