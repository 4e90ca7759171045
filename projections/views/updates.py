"""Updates: the news that issuers posted for their campaigns' investors."""

from __future__ import annotations

from collections.abc import Sequence

from domain.campaign import UpdatePosted
from domain.journal import Entry
from projections.folding import Change, Ref, Sight, Table, View
from projections.rows import Update

TABLE = Table("updates", Update, "position", appended=True)


def _reads(_: Entry) -> Sequence[Ref]:
    return []


def _fold(_: Sight, entry: Entry) -> Sequence[Change]:
    assert isinstance(entry.event, UpdatePosted)
    update = Update(
        position=entry.position,
        campaign_id=entry.stream,
        update_id=entry.event.update_id,
        title=entry.event.title,
        sha256=entry.event.sha256,
        cid=entry.event.cid,
        posted_at=entry.meta.at,
    )
    return [(TABLE, update)]


UPDATES = View(
    name="updates",
    version=1,
    tables=(TABLE,),
    topics=frozenset({UpdatePosted.TOPIC}),
    reads=_reads,
    fold=_fold,
)
