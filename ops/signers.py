"""The lanes' signers: which kind the settings ask for, and how the passphrase of keystores gets here.

A passphrase comes from a file, or from a person at the terminal of a worker in the foreground; never from the
environment or the command line, where other processes read it.
"""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path

from chain_writer.errors import KeystoreInvalid
from chain_writer.lane import LEASE_S
from chain_writer.signer import KeySigner, Passphrase, Signer, load_keystore
from chain_writer.web3signer import Web3Signer
from ops.places import raw_key
from ops.settings import Settings, SettingsInvalid

PASSPHRASE_BYTES_MAX = 4_096
SIGN_S_MAX = 0.75 * LEASE_S  # less than a lane's lease, so that a signer that hangs costs no lane its worker


class Signers:
    """One signer a lane, made anew whenever a lane is: what was mended in a file meanwhile counts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._prompted: Passphrase | None = None

    def unlock(self) -> None:
        """Before any lane is driven: ask for what only a person has. Raises SettingsInvalid if there is no signer."""
        settings = self._settings
        if settings.signer_url:
            return
        if settings.keystore_folder is None:
            if not settings.local:
                raise SettingsInvalid(
                    "no signer: set TANDEM_KEYSTORE_FOLDER or TANDEM_SIGNER_URL (raw keys are for local stacks only)"
                )
            return
        if settings.keystore_passphrase_file is None:
            self._prompted = _asked()
            self._check()

    def of(self, lane: str) -> Signer:
        """The signer of a lane. Raises OperatorNeeded, or SignerUnavailable while a remote one is away."""
        settings = self._settings
        if settings.signer_url:
            return self._remote(lane)
        if settings.keystore_folder is None:
            return KeySigner(raw_key(settings.keys_home, lane))
        passphrase = self._prompted
        if passphrase is None:
            assert settings.keystore_passphrase_file is not None, "unlock comes first"
            passphrase = passphrase_in(settings.keystore_passphrase_file)
        return load_keystore(settings.keystore_folder / f"{lane}.json", passphrase)

    def _remote(self, lane: str) -> Web3Signer:
        settings = self._settings
        certificate = None
        if settings.signer_certificate_file is not None and settings.signer_certificate_key_file is not None:
            certificate = (settings.signer_certificate_file, settings.signer_certificate_key_file)
        signer = Web3Signer(
            settings.signer_url,
            address=settings.remote_signers[settings.lane_names.index(lane)],
            timeout_s=SIGN_S_MAX,
            ca_file=settings.signer_ca_file,
            certificate=certificate,
        )
        try:
            signer.prove()
        except BaseException:
            signer.close()
            raise
        return signer

    def _check(self) -> None:
        """A slip of the person's fingers is told at once."""
        try:
            for lane in self._settings.lane_names:
                self.of(lane)
        except KeystoreInvalid as invalid:
            raise SettingsInvalid(str(invalid)) from None


def passphrase_in(path: Path) -> Passphrase:
    """The first line of a file. Raises KeystoreInvalid for one that cannot be read, is empty, or is something else."""
    try:
        with path.open("rb") as file:
            content = file.read(PASSPHRASE_BYTES_MAX + 1)
    except OSError as error:
        raise KeystoreInvalid(f"{path} cannot be read: {error.strerror}") from None
    passphrase = _line(content)
    del content  # no frame of the error below has it
    if passphrase is None:
        raise KeystoreInvalid(f"{path} is not a passphrase: one line of text is meant")
    return passphrase


def _line(content: bytes) -> Passphrase | None:
    text = content.removesuffix(b"\n").removesuffix(b"\r")
    if not text or len(content) > PASSPHRASE_BYTES_MAX or b"\n" in text:
        return None
    try:
        return Passphrase(text.decode())
    except UnicodeDecodeError:
        return None


def _asked() -> Passphrase:
    if not _in_foreground():
        raise SettingsInvalid(
            "TANDEM_KEYSTORE_FOLDER is set: set TANDEM_KEYSTORE_PASSPHRASE_FILE too,"
            " or start the worker in the foreground of a terminal, where it asks for the passphrase"
        )
    return Passphrase(getpass("Passphrase of the keystores: "))


def _in_foreground() -> bool:
    """Whether a person is there who can be asked: a terminal, and this process in front of it."""
    if not sys.stdin.isatty():
        return False
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return False
