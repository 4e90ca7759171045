"""Where things are: the sources, the programs from npm, what a home keeps of the house that runs in it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

from chain_writer.signer import KeySigner

ROOT = Path(__file__).resolve().parent.parent


def tools_folder() -> Path:
    """Where programs from npm are kept: in the clone, or in the user's cache when installed from a wheel."""
    given = os.environ.get("TANDEM_TOOLS")
    if given:
        return Path(given)
    if (ROOT / "pyproject.toml").is_file():
        return ROOT / ".tandem" / "tools"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tandem" / "tools"


def environment_of(home: Path) -> dict[str, str] | None:
    """The settings of the house that runs in a home, None if none does."""
    try:
        kept: dict[str, str] = msgspec.json.decode((home.resolve() / "environment.json").read_bytes())
    except FileNotFoundError:
        return None
    return kept


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # a key that a power cut takes opens nothing ever again
    draft.replace(path)


def raw_key(home: Path, name: str) -> str:
    """A raw private key of a local stack, made once, readable by its owner alone."""
    path = home / "keys" / f"{name}.key"
    if not path.exists():
        path.parent.mkdir(exist_ok=True, mode=0o700)
        write_secret(path, b"0x" + secrets.token_hex(32).encode("ascii"))
    return path.read_text().strip()


def address_of(home: Path, name: str) -> str:
    return KeySigner(raw_key(home, name)).address
