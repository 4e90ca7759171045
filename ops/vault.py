"""The vault, for operators: the file of key-encryption keys, and the rotation of the one that wraps all others."""

from __future__ import annotations

import fcntl
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import msgspec

from api.sealing import KEY_BYTES, Keyring, KeyringInvalid, load_keyring
from api.vault import Vault
from api.vault_store import VaultStore
from ops.places import write_secret
from ops.settings import Settings, SettingsInvalid
from ops.tables import print_json, print_table
from ops.wiring import clock

FILE = "vault-keys.json"
_NUMBERED = re.compile(r"kek-([0-9]{1,9})", re.ASCII)


class KeyRow(msgspec.Struct, frozen=True):
    """One key-encryption key, for people; the key itself is never among it."""

    name: str
    current: bool
    in_file: bool
    persons: int


def keyring_of(settings: Settings) -> Keyring:
    """The keyring of this installation; a local stack makes one. Raises SettingsInvalid."""
    path = path_of(settings)
    if not path.exists():
        if not settings.local:
            raise SettingsInvalid(f"{path} is missing: set TANDEM_VAULT_KEK_FILE, or make one with `vault new-key`")
        with _alone(path):
            if not path.exists():  # another process may have made it meanwhile
                _add(path)
    return _read(path)


def vault_of(settings: Settings) -> Vault:
    """A seat at the vault. Raises SettingsInvalid when the keyring is not the one that this database was used with."""
    keyring = keyring_of(settings)
    store = VaultStore(settings.dsn("api"))
    try:
        return Vault(store, keyring, chance=secrets.token_bytes, clock=clock)
    except KeyringInvalid as invalid:
        store.close()
        raise SettingsInvalid(f"{path_of(settings)}: {invalid}") from None
    except BaseException:
        store.close()
        raise


def add_key(settings: Settings) -> str:
    """A new key-encryption key, current from now on. Returns its name. Running processes know it once started anew."""
    path = path_of(settings)
    with _alone(path):
        return _add(path)


def rotate(settings: Settings) -> int:
    """Wrap the keys of all persons by the current key-encryption key. May be stopped and repeated. Returns how many.

    Raises SettingsInvalid at its end, naming those whose wrapped key does not open; all others are wrapped anew.
    """
    vault = vault_of(settings)
    done, damaged, after = 0, list[UUID](), UUID(int=0)
    try:
        while (batch := vault.rewrap(after=after)).last is not None:
            after = batch.last
            done += batch.changed
            damaged += batch.damaged
            sys.stderr.write(f"{done} keys are wrapped anew\n")
    finally:
        vault.close()
    if damaged:
        names = ", ".join(map(str, damaged[:10]))
        raise SettingsInvalid(f"{done} keys are wrapped anew, but {len(damaged)} do not open: {names}")
    return done


def show(settings: Settings, *, as_json: bool) -> None:
    """Every key-encryption key and how many keys of persons it wraps: with 0 it may leave the file."""
    keyring = keyring_of(settings)
    store = VaultStore(settings.dsn("api"))
    try:
        wrapped = store.wrapped_by()
    finally:
        store.close()
    names = sorted(keyring.keys.keys() | wrapped.keys())
    rows = [KeyRow(name, name == keyring.current, name in keyring.keys, wrapped.get(name, 0)) for name in names]
    if as_json:
        print_json(rows)
        return
    told = [(r.name, "yes" if r.current else "", "yes" if r.in_file else "MISSING", r.persons) for r in rows]
    print_table("Key-encryption keys", ("name", "current", "in the file", "persons"), told)


def path_of(settings: Settings) -> Path:
    """Where the key-encryption keys are."""
    return settings.vault_kek_file or settings.home / FILE


def _add(path: Path) -> str:
    known = _read(path) if path.exists() else Keyring(current="", keys={})
    numbers = [int(found[1]) for name in known.keys if (found := _NUMBERED.fullmatch(name))]
    name = f"kek-{max(numbers, default=0) + 1}"
    keys = {**{n: k.hex() for n, k in known.keys.items()}, name: secrets.token_hex(KEY_BYTES)}
    write_secret(path, msgspec.json.format(msgspec.json.encode({"current": name, "keys": keys}), indent=2))
    return name


def _read(path: Path) -> Keyring:
    try:
        return load_keyring(path.read_bytes())
    except KeyringInvalid as invalid:
        raise SettingsInvalid(f"{path}: {invalid}") from None
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}") from None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else writes the file meanwhile: a key that is overwritten takes the data of everybody with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
