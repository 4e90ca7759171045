"""What a rebuild does in which pieces: views that can share a reading, cut into parts that fit into memory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.topics import EVENTS
from projections.folding import Table, View

ENTRIES_PER_PART = 500_000  # of the journal: what bounds the rows that a part holds in memory
PARTS_MAX = 4_096
# What an entry costs beside reading and decoding one:
PASSED = 0.1  # where it is read past
FOLDED = 1.5  # where it is folded


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of the bulk loading: these views, of the streams that fall into this part."""

    number: int
    views: tuple[str, ...]
    part: int
    parts: int


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What a slice reads: `apart` are topics of its own streams alone, `whole` those of all streams. Of neither are the
    `others`; a topic that this release does not know is in none of the three, and is read with the own streams."""

    apart: tuple[str, ...]
    whole: tuple[str, ...]
    others: tuple[str, ...]


def slices_of(views: Sequence[View], *, target: int, processes: int) -> list[Slice]:
    """The slices of a rebuild up to a position.

    Views whose streams can be folded apart share their reading. One that needs rows of other views has its own, since
    it folds those for all streams; one that looks across streams is read whole, and dealt by what its rows lie within.
    """
    fitting = max(-(-target // ENTRIES_PER_PART), 1)
    parts = min(-(-fitting // processes) * processes, PARTS_MAX)
    alone = [view for view in views if view.needs or not view.local]
    together = [view for view in views if view not in alone]
    groups: list[tuple[tuple[View, ...], int]]
    groups = [((view,), parts if view.local else processes if view.within else 1) for view in alone]
    if together:
        groups.append((tuple(together), parts))
    cut = [(tuple(view.name for view in group), part, parts) for group, parts in groups for part in range(parts)]
    return [
        Slice(number=number, views=names, part=part, parts=parts) for number, (names, part, parts) in enumerate(cut)
    ]


def folded_in(views: Sequence[View]) -> list[View]:
    """What is folded for the views of a slice: first what they need, then they themselves."""
    return [need for view in views for need in view.needs] + list(views)


def read_by(views: Sequence[View]) -> Read:
    """Which topics the views of a slice and their needs listen to."""
    own = frozenset[str]().union(*(view.topics for view in views))
    needed = frozenset[str]().union(*(need.topics for view in views for need in view.needs))
    assert not own & needed or not any(view.local for view in views), "a stream apart would be folded in every part"
    others = frozenset(EVENTS) - own - needed
    return Read(apart=tuple(sorted(own - needed)), whole=tuple(sorted(needed)), others=tuple(sorted(others)))


def weights_of(slices: Sequence[Slice], views: Sequence[View], *, counts: Mapping[str, int]) -> dict[int, float]:
    """How much work each slice is beside the others, by its number. `counts` are entries by topic, or a sample of them.

    Every slice reads past all entries; those that its views listen to are decoded, and folded in each of those. What
    they need of others is decoded and folded in every part, and so is decoded what is dealt out only here.
    """
    weights: dict[int, float] = {}
    for one in slices:
        own = [view for view in views if view.name in one.views]
        needed = [need for view in own for need in view.needs]
        mine, theirs = _heard(own, counts), _heard(needed, counts)
        read_in = one.parts if all(view.local for view in own) else 1
        work = mine[0] / read_in + FOLDED * mine[1] / one.parts + theirs[0] + FOLDED * theirs[1]
        weights[one.number] = 1 + PASSED * sum(counts.values()) + work
    return weights


def _heard(views: Sequence[View], counts: Mapping[str, int]) -> tuple[int, int]:
    """How many entries views listen to, and how often one is folded in one of them."""
    by_view = [(sum(topic in view.topics for view in views), count) for topic, count in counts.items()]
    return sum(count for several, count in by_view if several), sum(several * count for several, count in by_view)


def tables_of(views: Iterable[View]) -> list[Table]:
    return [table for view in views for table in view.tables]


def new(table: Table) -> str:
    """The name of the table that is built beside the live one."""
    return f"{table.name}_new"


def old(table: Table) -> str:
    """The name of the table that the last swap put aside."""
    return f"{table.name}_old"
