"""The vault, for operators: its keyring, and the rotation of the key that wraps all others."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import msgspec

from api.sealing import KEY_BYTES, Keyring, KeyringInvalid, load_keyring
from api.vault import Vault
from api.vault_store import VaultStore
from ops.places import write_secret
from ops.settings import Settings, SettingsInvalid
from ops.wiring import clock

FILE = "vault-keys.json"


def keyring_of(settings: Settings) -> Keyring:
    """The keyring of this installation; a local stack makes one. Raises SettingsInvalid."""
    path = _path(settings)
    if not path.exists():
        if not settings.local:
            raise SettingsInvalid(f"{path} is missing: set TANDEM_VAULT_KEYS_FILE, or make one with `vault new-key`")
        add_key(settings)
    try:
        return load_keyring(path.read_bytes())
    except KeyringInvalid as invalid:
        raise SettingsInvalid(f"{path}: {invalid}") from None
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}") from None


def vault_of(settings: Settings) -> Vault:
    """A seat at the vault."""
    store = VaultStore(settings.dsn("api"))
    return Vault(store, keyring_of(settings), chance=secrets.token_bytes, clock=clock)


def add_key(settings: Settings) -> str:
    """A new key-encryption key, current from now on. Returns its name. Running processes know it once started anew."""
    path = _path(settings)
    known = _read(path)
    name = f"kek-{len(known.keys) + 1}"
    assert name not in known.keys
    _write(path, Keyring(current=name, keys={**known.keys, name: secrets.token_bytes(KEY_BYTES)}))
    return name


def rotate(settings: Settings) -> int:
    """Wrap the keys of all persons by the current key-encryption key. May be stopped and repeated. Returns how many."""
    vault = vault_of(settings)
    done = 0
    try:
        while changed := vault.rewrap():
            done += changed
            sys.stderr.write(f"{done} keys are wrapped anew\n")
    finally:
        vault.close()
    return done


def _path(settings: Settings) -> Path:
    return settings.vault_keys_file or settings.home / FILE


def _read(path: Path) -> Keyring:
    if not path.exists():
        return Keyring(current="", keys={})
    return load_keyring(path.read_bytes())


def _write(path: Path, keyring: Keyring) -> None:
    told = {"current": keyring.current, "keys": {name: key.hex() for name, key in keyring.keys.items()}}
    write_secret(path, msgspec.json.format(msgspec.json.encode(told), indent=2))
