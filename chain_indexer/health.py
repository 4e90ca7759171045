"""How nodes do, and which one is to be asked. Pure, but for what is remembered of each."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from chain_indexer.blocks import Header

BEHIND_BLOCKS_MAX = 3  # a node so far behind another one is not asked any more
ASIDE_S_MIN = 1.0
ASIDE_S_MAX = 60.0
TROUBLE_CHARS_MAX = 300


class Health(msgspec.Struct, kw_only=True):
    """What is known of a node. `failures` since it was last well; `aside_until_s` by the clock that is given."""

    name: str
    head: Header | None = None
    looked_at_s: float = float("-inf")
    failures: int = 0
    aside_until_s: float = float("-inf")
    trouble: str = ""

    def failed(self, trouble: str, *, now_s: float) -> None:
        """Set aside, twice as long each time."""
        self.aside_until_s = now_s + min(ASIDE_S_MAX, ASIDE_S_MIN * 2 ** min(self.failures, 10))
        self.failures += 1
        self.trouble = trouble[:TROUBLE_CHARS_MAX]
        self.looked_at_s = now_s

    def seen(self, head: Header, *, now_s: float) -> None:
        """It answered. What it was set aside for is forgotten only once its time is over: it may contradict itself."""
        self.head = head
        self.looked_at_s = now_s
        if now_s >= self.aside_until_s:
            self.failures = 0
            self.trouble = ""


def chosen(in_charge: int, healths: Sequence[Health], *, now_s: float) -> int:
    """Which node is to be asked.

    1. All are set aside: the one whose time ends first.
    2. The one in charge, unless it is set aside, or more than BEHIND_BLOCKS_MAX behind another that is not.
    3. The first, in the order in which they were given, that is not so far behind.
    """
    well = [place for place, health in enumerate(healths) if health.aside_until_s <= now_s]
    if not well:
        return min(range(len(healths)), key=lambda place: healths[place].aside_until_s)
    best = max(_number(healths[place]) for place in well)
    near = [place for place in well if _number(healths[place]) >= best - BEHIND_BLOCKS_MAX]
    return in_charge if in_charge in near else near[0]


def _number(health: Health) -> int:
    return health.head.number if health.head is not None else 0


class Healths:
    """The healths of all nodes, which outlive the connections to them."""

    def __init__(self, names: Sequence[str]) -> None:
        assert names
        self.all = [Health(name=name) for name in names]
        self.in_charge = 0


def names_of(urls: Sequence[str]) -> list[str]:
    """Names to show: without the secrets that an address may carry; numbered, since two may have one host."""
    return [f"{place + 1}:{urlsplit(url).hostname}" for place, url in enumerate(urls)]
