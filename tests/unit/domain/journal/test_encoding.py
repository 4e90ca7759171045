"""The stored form: compact, permanent, lifted by upcasters, and refused when it is not what it should be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest

from domain.errors import JournalCorrupt
from domain.journal import Codec, Event, Meta

MADE = Meta(
    at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    by="issuer:a",
    command_id=UUID(int=1),
    correlation_id=UUID(int=2),
    cause=None,
    pack="default@1",
)


class Named(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "thing.named"
    VERSION: ClassVar[int] = 2
    first: str
    last: str

    def apply(self, state: Any) -> Any:
        return self


def _split(data: dict[str, Any]) -> dict[str, Any]:
    first, _, last = data["name"].partition(" ")
    return {"first": first, "last": last}


CODEC = Codec({"thing.named": Named}, upcasters={("thing.named", 1): _split})


def test_an_event_is_stored_compactly_with_its_making() -> None:
    stored = CODEC.encode(Named(first="Ada", last="Lovelace"), MADE)
    assert msgspec.json.decode(stored) == {
        "at": "2026-01-02T03:04:05.678901Z",
        "by": "issuer:a",
        "cmd": str(UUID(int=1)),
        "cor": str(UUID(int=2)),
        "pack": "default@1",
        "d": {"first": "Ada", "last": "Lovelace"},
        "v": 2,
    }


def test_what_is_encoded_decodes_to_the_same() -> None:
    caused = msgspec.structs.replace(MADE, cause=17)
    event = Named(first="Ada", last="Lovelace")
    assert CODEC.decode("thing.named", CODEC.encode(event, caused)) == (event, caused)


def test_an_old_schema_version_is_lifted() -> None:
    old = CODEC.encode(Named(first="", last=""), MADE).replace(b'{"first":"","last":""}', b'{"name":"Ada Lovelace"}')
    event, meta = CODEC.decode("thing.named", old.replace(b',"v":2', b""))
    assert event == Named(first="Ada", last="Lovelace")
    assert meta == MADE


@pytest.mark.parametrize(
    ("topic", "stored"),
    [
        ("thing.unknown", b"{}"),
        ("thing.named", b"not json"),
        ("thing.named", b'{"at":"2026-01-02T03:04:05Z"}'),
        ("thing.named", CODEC.encode(Named(first="a", last="b"), MADE).replace(b'"last":"b"', b'"last":7')),
        ("thing.named", CODEC.encode(Named(first="a", last="b"), MADE).replace(b'"v":2', b'"v":3')),
    ],
)
def test_what_cannot_be_read_is_said_to_be_corrupt(topic: str, stored: bytes) -> None:
    with pytest.raises(JournalCorrupt, match="thing"):
        CODEC.decode(topic, stored)


def test_a_missing_upcaster_is_found_when_the_house_is_built() -> None:
    with pytest.raises(JournalCorrupt, match="no upcaster"):
        Codec({"thing.named": Named})


def test_a_topic_under_another_name_is_found_when_the_house_is_built() -> None:
    with pytest.raises(JournalCorrupt, match="calls itself"):
        Codec({"thing.renamed": Named}, upcasters={("thing.renamed", 1): _split})
