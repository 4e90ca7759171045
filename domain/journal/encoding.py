"""How an event is stored: compact JSON that carries its own making, under a permanent topic and schema version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from domain.errors import JournalCorrupt
from domain.journal.entries import Entry, Event, Meta, Unreadable

_encode = msgspec.json.Encoder().encode

EXACT_MAX = 2**53 - 1  # integers up to here are exact in every JSON reader (RFC 8785); larger ones are decimal strings

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class Draft(msgspec.Struct, frozen=True):
    """An event with its place in its stream and its making, as the library's application takes and gives it."""

    originator_id: UUID
    originator_version: int
    event: Event
    meta: Meta


class _Stored(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The stored form. The short names are for ever: they stand in every entry, and the leaves hash them."""

    at: datetime
    by: str
    cmd: UUID
    cor: UUID
    pack: str
    d: Any
    cau: int | None = None
    v: int = 1


class _Read(_Stored, frozen=True, kw_only=True):
    d: msgspec.Raw


_decode_stored = msgspec.json.Decoder(_Read).decode

# A whole entry in one pass: what was stored of its making, under the names that `Meta` has, and the event itself.
_NAMES = {"command_id": "cmd", "correlation_id": "cor", "cause": "cau", "event": "d", "schema": "v"}


def _whole(kind: type[Event]) -> Callable[[bytes], Any]:
    own: list[Any] = [(name, hint) for name, hint in get_type_hints(Meta).items() if name != "cause"]
    fields = [*own, ("event", kind), ("cause", int | None, None), ("schema", int, 1)]
    made = msgspec.defstruct("Whole", fields, bases=(Meta,), frozen=True, kw_only=True, rename=_NAMES)
    return msgspec.json.Decoder(made, strict=False).decode


class Codec:
    """Encodes and decodes events by topic. `events` maps topics to classes, `upcasters` (topic, version) to functions.

    An upcaster lifts the data of one schema version to the next; each version below a class's own needs one, or the
    codec is refused when it is built.
    """

    def __init__(
        self, events: Mapping[str, type[Event]], *, upcasters: Mapping[tuple[str, int], Upcaster] | None = None
    ) -> None:
        self._upcasters = dict(upcasters or {})
        self._classes = dict(events)
        self._decoders = {topic: msgspec.json.Decoder(kind, strict=False).decode for topic, kind in events.items()}
        self._wholes = {topic: (_whole(kind), kind.VERSION) for topic, kind in events.items()}
        for topic, kind in events.items():
            if topic != kind.TOPIC:
                raise JournalCorrupt(f"{kind.__name__} is registered as {topic} but calls itself {kind.TOPIC}")
            missing = [v for v in range(1, kind.VERSION) if (topic, v) not in self._upcasters]
            if missing:
                raise JournalCorrupt(f"{topic} is at schema version {kind.VERSION} but has no upcaster from {missing}")

    def encode(self, event: Event, meta: Meta) -> bytes:
        """The bytes to store: what the leaf hashes, and what is decoded for ever after."""
        data: Any = exact(msgspec.to_builtins(event)) if _is_wide(event) else event
        return _encode(
            _Stored(
                at=meta.at,
                by=meta.by,
                cmd=meta.command_id,
                cor=meta.correlation_id,
                pack=meta.pack,
                d=data,
                cau=meta.cause,
                v=type(event).VERSION,
            )
        )

    def decode(self, topic: str, state: bytes) -> tuple[Event, Meta]:
        """The event and its making, lifted to the newest schema. Raises JournalCorrupt if it cannot be read."""
        kind = self._classes.get(topic)
        if kind is None:
            raise JournalCorrupt(f"an entry of topic {topic!r} cannot be read: this release does not know it")
        try:
            stored = _decode_stored(state)
            data = self._lift(topic, stored, kind) if stored.v != kind.VERSION else stored.d
            event = self._decoders[topic](data)
        except (KeyError, TypeError, ValueError) as error:
            raise JournalCorrupt(f"an entry of topic {topic!r} cannot be read: {error!r}") from error
        meta = Meta(
            at=stored.at,
            by=stored.by,
            command_id=stored.cmd,
            correlation_id=stored.cor,
            cause=stored.cau,
            pack=stored.pack,
        )
        return event, meta

    def read(self, topic: str, state: bytes) -> tuple[Event, Meta]:
        """As `decode`, in one pass where the schema is the newest: for those who read very many. Here the making is of
        a class derived from `Meta`, which is not equal to one."""
        try:
            decode, version = self._wholes[topic]
            whole = decode(state)
            if whole.schema == version:
                return whole.event, whole
        except (KeyError, TypeError, ValueError):
            pass  # of an older schema, or not to be read at all: the slow way knows
        return self.decode(topic, state)

    def _lift(self, topic: str, stored: _Read, kind: type[Event]) -> bytes:
        if stored.v > kind.VERSION:
            raise JournalCorrupt(
                f"{topic} is stored in schema version {stored.v}, newer than the {kind.VERSION} known here"
            )
        data = msgspec.json.decode(stored.d)
        for version in range(stored.v, kind.VERSION):
            data = self._upcasters[topic, version](data)
        return _encode(data)

    def entry(self, row: tuple[int, UUID, int, str, bytes, bytes]) -> Entry:
        """The entry of a row (position, stream, version, topic, state, leaf)."""
        position, stream, version, topic, state, leaf = row
        event, meta = self.decode(topic, state)
        return Entry(
            position=position,
            stream=stream,
            version=version,
            topic=topic,
            event=event,
            meta=meta,
            leaf=leaf,
            state=state,
        )

    def any_entry(self, row: tuple[int, UUID, int, str, bytes, bytes]) -> Entry | Unreadable:
        """As `entry`, for those who can go on without one that cannot be read."""
        try:
            return self.entry(row)
        except JournalCorrupt as error:
            position, stream, version, topic, _, _ = row
            return Unreadable(position=position, stream=stream, version=version, topic=topic, error=str(error))


def _is_wide(value: Any) -> bool:
    """Whether an event holds an integer that not every JSON reader keeps exact: wei do, nothing else."""
    for name in value.__struct_fields__:
        field = getattr(value, name)
        if isinstance(field, int):
            if field > EXACT_MAX:
                return True
        elif isinstance(field, msgspec.Struct):
            if _is_wide(field):
                return True
        elif isinstance(field, tuple) and any(isinstance(one, msgspec.Struct) and _is_wide(one) for one in field):
            return True
    return False


def exact(value: Any) -> Any:
    """Plain values with every integer beyond the exact ones as a decimal string."""
    if isinstance(value, dict):
        return {name: exact(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [exact(inner) for inner in value]
    return str(value) if isinstance(value, int) and value > EXACT_MAX else value


class JournalMapper(Mapper[UUID]):
    """The library's seam between domain events and stored ones, filled by our codec."""

    def __init__(self, codec: Codec) -> None:
        super().__init__(JSONTranscoder())  # never asked: the codec speaks for it
        self.codec = codec

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        draft: Draft = domain_event
        return StoredEvent(
            originator_id=draft.originator_id,
            originator_version=draft.originator_version,
            topic=draft.event.TOPIC,
            state=self.codec.encode(draft.event, draft.meta),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        event, meta = self.codec.decode(stored_event.topic, stored_event.state)
        stream = stored_event.originator_id
        assert isinstance(stream, UUID)
        return Draft(stream, stored_event.originator_version, event, meta)
