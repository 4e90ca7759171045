"""Where the golden files are: the stored bytes of each example, and one list of their places and leaf hashes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from domain import topics
from domain.journal import leaf_of
from tests.golden.example import Example

FOLDER = Path(__file__).with_name("entries")
LEAVES = Path(__file__).with_name("leaves.json")
CODEC = topics.codec()


class Changed(Exception):
    """A golden file would have to change. It may not: entries like it stand in journals for ever."""


def path_of(example: Example) -> Path:
    return FOLDER / f"{example.name}.json"


def leaf(example: Example, state: bytes) -> str:
    return leaf_of(
        position=example.position,
        stream=example.stream,
        version=example.version,
        topic=example.event.TOPIC,
        state=state,
    ).hex()


def recorded_leaves() -> dict[str, str]:
    """The leaf hash of each golden file, by name; empty before the first."""
    if not LEAVES.exists():
        return {}
    leaves: dict[str, str] = msgspec.json.decode(LEAVES.read_bytes())
    return leaves


def add(example: Example) -> bool:
    """Write the files of an example that has none. False if it has. Raises Changed rather than change any."""
    path, leaves = path_of(example), recorded_leaves()
    if example.schema != type(example.event).VERSION:
        if path.exists():
            return False
        raise Changed(f"{path.name} is missing and cannot be made again: its schema version is a past one")
    state = CODEC.encode(example.event, example.meta)
    kept = path.read_bytes() if path.exists() else state
    if kept != state or leaves.get(example.name, leaf(example, state)) != leaf(example, state):
        raise Changed(f"{path.name} would change: raise the event's VERSION, keep the file, write an upcaster")
    if path.exists() and example.name in leaves:
        return False
    path.write_bytes(state)
    leaves[example.name] = leaf(example, state)
    LEAVES.write_bytes(msgspec.json.format(msgspec.json.encode(leaves), indent=1) + b"\n")
    return True
