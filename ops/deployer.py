"""Who deploys on services of one's own, and whom the contracts then let write. A local stack has raw keys instead."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import Any

import msgspec
from eth_account import Account

from abis.hashing import checksummed
from chain_writer.errors import KeystoreInvalid
from chain_writer.signer import Passphrase
from ops.settings import Settings, SettingsInvalid
from ops.signers import passphrase_in

KEYSTORE_BYTES_MAX = 64 * 1024


def deployer_key(settings: Settings) -> str:
    """The key that pays for a deployment and becomes the contracts' admin. Raises SettingsInvalid."""
    path = settings.deployer_keystore_file
    if path is None:
        raise SettingsInvalid(
            "no deployer: set TANDEM_DEPLOYER_KEYSTORE_FILE to a keystore whose account pays for the deployment and"
            " becomes the contracts' admin, or TANDEM_GENERATION_FILE to the file of a deployment that there is"
        )
    content = _content(path)
    try:
        file = settings.keystore_passphrase_file
        passphrase = passphrase_in(file) if file is not None else _asked(path)
    except KeystoreInvalid as invalid:
        raise SettingsInvalid(str(invalid)) from None
    key = _opened(content, passphrase)
    if key is None:
        raise SettingsInvalid(f"{path} is not a keystore of version 3, or the passphrase is another one")
    return key


def lane_addresses(settings: Settings) -> list[str]:
    """The accounts that the contracts let write: those of the remote signer, or as the lanes' keystores name them."""
    if settings.signer_url:
        return settings.remote_signers
    if settings.keystore_folder is None:
        raise SettingsInvalid("no signer: set TANDEM_KEYSTORE_FOLDER or TANDEM_SIGNER_URL, whose accounts are to write")
    return [_address_in(settings.keystore_folder / f"{lane}.json") for lane in settings.lane_names]


def _address_in(path: Path) -> str:
    try:
        return checksummed("0x" + str(msgspec.json.decode(_content(path))["address"]).removeprefix("0x"))
    except (msgspec.DecodeError, LookupError, TypeError, ValueError):
        raise SettingsInvalid(f"{path} names no address: a keystore of version 3 with its address is meant") from None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(KEYSTORE_BYTES_MAX)
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}") from None


def _asked(path: Path) -> Passphrase:
    if not sys.stdin.isatty():
        raise SettingsInvalid("set TANDEM_KEYSTORE_PASSPHRASE_FILE, or deploy from a terminal, where you are asked")
    return Passphrase(getpass(f"Passphrase of {path}: "))


def _opened(content: bytes, passphrase: Passphrase) -> str | None:
    """None instead of an error: the frames of one would hold the passphrase or the key."""
    try:
        key: Any = Account.decrypt(content.decode(), passphrase.reveal())
    except Exception:  # noqa: BLE001  # a keystore file may be anything at all
        return None
    return "0x" + bytes(key).hex()
