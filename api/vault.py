"""The vault: personal data kept apart from the journal, opened for its person, and destroyed for good when they ask."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec

from api import sealing
from api.sealing import KEY_BYTES, Chance, Keyring, KeyringInvalid, VaultDamaged, Wrapped
from api.vault_store import PersonRow, Reading, VaultStore
from domain.journal import JournalReader
from domain.progress import Progress

ENTRIES_PER_STEP_MAX = 500
PERSONS_PER_STEP_MAX = 200
READINGS_MAX = 1_000
ERASED = "investor.erased"


class PersonErased(Exception):
    """The person's key is destroyed: nothing of theirs can be kept or read any more."""


class PersonMoved(Exception):
    """Somebody else changed this person's data meanwhile. Read again, then decide again."""


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a person, and which revision of it this is."""

    fields: dict[str, str]
    revision: int


class Rewrapped(msgspec.Struct, frozen=True, kw_only=True):
    """One batch of a rotation: how many keys were wrapped anew, which could not be opened, and where it ended."""

    changed: int
    damaged: tuple[UUID, ...]
    last: UUID | None


class Vault:
    """One seat: a keyring, a store and the chance and clock it was given. Blocking.

    Raises KeyringInvalid when the keyring is not the one that wrapped what is stored.
    """

    def __init__(self, store: VaultStore, keyring: Keyring, *, chance: Chance, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._keyring = keyring
        self._chance = chance
        self._clock = clock
        _check_keyring(store, keyring)

    def put(self, subject: UUID, fields: dict[str, str]) -> int:
        """Keep exactly these fields of a person. Returns the revision. Raises PersonErased, PersonMoved."""
        self._check_there(subject)
        known = self._store.find(subject)
        key = self._chance(KEY_BYTES) if known is None else sealing.unwrap(self._keyring, subject, known.wrapped)
        wrapped = sealing.wrap(self._keyring, subject, key, chance=self._chance) if known is None else known.wrapped
        revision = 1 if known is None else known.revision + 1
        content = msgspec.json.encode(fields)
        row = PersonRow(
            subject=subject,
            kek=wrapped.kek,
            wrapped_key=wrapped.blob,
            sealed=sealing.seal(key, subject, revision, content, chance=self._chance),
            revision=revision,
        )
        if not self._store.put(row, at=self._clock()):
            self._check_there(subject)
            raise PersonMoved
        return revision

    def read(self, subject: UUID) -> Kept | None:
        """What is kept of a person, None if nothing is. Raises PersonErased, VaultDamaged."""
        row = self._row(subject)
        if row is None:
            return None
        key = sealing.unwrap(self._keyring, subject, row.wrapped)
        content = sealing.unseal(key, subject, row.revision, row.sealed)
        return Kept(msgspec.json.decode(content, type=dict[str, str]), row.revision)

    def read_for(self, subject: UUID, *, reader: str, reason: str) -> Kept | None:
        """The same for somebody else than the person: who and why is written down first."""
        self._check_there(subject)
        self._store.note_reading(subject, reader=reader, reason=reason, at=self._clock())
        return self.read(subject)

    def evidence(self, subject: UUID, text: str) -> str | None:
        """The keyed hash of a text for this person, None if they have no key here. Raises PersonErased."""
        row = self._row(subject)
        if row is None:
            return None
        return sealing.evidence(sealing.unwrap(self._keyring, subject, row.wrapped), text)

    def readings(self, subject: UUID) -> list[Reading]:
        """Who else read this person's data: the newest first, at most READINGS_MAX."""
        return self._store.readings(subject, limit=READINGS_MAX)

    def rewrap(self, *, after: UUID) -> Rewrapped:
        """Wrap the next batch of keys anew, by the current key-encryption key. `last` is None when no more follow."""
        changes: list[tuple[PersonRow, Wrapped]] = []
        damaged: list[UUID] = []
        rows = self._store.wrapped_otherwise(self._keyring.current, after=after, limit=PERSONS_PER_STEP_MAX)
        for row in rows:
            try:
                key = sealing.unwrap(self._keyring, row.subject, row.wrapped)
            except VaultDamaged:
                damaged.append(row.subject)
                continue
            changes.append((row, sealing.wrap(self._keyring, row.subject, key, chance=self._chance)))
        last = rows[-1].subject if rows else None
        return Rewrapped(changed=self._store.rewrap(changes), damaged=tuple(damaged), last=last)

    def close(self) -> None:
        self._store.close()

    def _row(self, subject: UUID) -> PersonRow | None:
        self._check_there(subject)
        return self._store.find(subject)

    def _check_there(self, subject: UUID) -> None:
        if self._store.is_erased(subject):
            raise PersonErased


def _check_keyring(store: VaultStore, keyring: Keyring) -> None:
    """Each key-encryption key that is needed is there, and each is the one that it was. Raises KeyringInvalid."""
    store.note_kek(keyring.current, sealing.fingerprint(keyring, keyring.current))
    known = store.keks()
    for name in sorted(known.keys() & keyring.keys.keys()):
        if not hmac.compare_digest(known[name], sealing.fingerprint(keyring, name)):
            raise KeyringInvalid(f"the key {name!r} is not the one that this database was used with")
    if missing := sorted(store.keks_needed() - keyring.keys.keys()):
        raise KeyringInvalid(f"keys of persons are wrapped by {', '.join(missing)}: put it back, or rotate first")


class Erasures:
    """Follows the journal: whoever it says is erased has their key and data destroyed. Killed anywhere, it goes on."""

    def __init__(self, reader: JournalReader, store: VaultStore, *, clock: Callable[[], datetime]) -> None:
        self._reader = reader
        self._store = store
        self._clock = clock
        self._position = store.erasing_position()

    def step(self) -> Progress:
        """Read on, and destroy what is to be destroyed in one transaction with the position."""
        head = self._reader.head()
        found = self._reader.read(after=self._position, limit=ENTRIES_PER_STEP_MAX, topics=(ERASED,))
        # Beyond the last one found there is none up to the head, unless the page was full.
        upto = found[-1].position if len(found) == ENTRIES_PER_STEP_MAX else head
        advanced = upto - self._position
        if advanced:
            erasures = [(entry.stream, entry.position) for entry in found if entry.position <= upto]
            self._store.erase(erasures, position=upto, at=self._clock())
            self._position = upto
        return Progress(advanced=advanced, position=self._position, lag=max(0, head - self._position))
