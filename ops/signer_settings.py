"""What the settings of a remote signer must be to make sense together. Pure, and nothing given is ever quoted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from abis.hashing import checksummed


def is_bare(value: str) -> bool:
    """Whether this is an http(s) address and nothing else: no name or password, query or fragment."""
    url = urlsplit(value)
    return (
        url.scheme in {"http", "https"}
        and bool(url.hostname)
        and url.username is None
        and not (url.query or url.fragment)
    )


def addresses_in(text: str) -> list[str]:
    """Addresses separated by commas. Raises ValueError, which quotes nothing: it may be a key, by mistake."""
    try:
        return [checksummed(address.strip()) for address in text.split(",") if address.strip()]
    except ValueError:
        raise ValueError("TANDEM_SIGNER_ADDRESSES holds what is not an address: 0x and 40 hex digits each") from None


def contradiction(
    url: str,
    signers: Sequence[str],
    *,
    lanes: int,
    keystores: bool,
    trust: tuple[Path | None, Path | None, Path | None],
) -> str | None:
    """What does not go together, in a sentence. `trust` is the signer's authority, our certificate, and its key."""
    ca_file, certificate_file, key_file = trust
    rules = (
        (bool(url) or not (signers or any(trust)), "TANDEM_SIGNER_URL is not set, but other settings of it are"),
        (not (url and keystores), "TANDEM_SIGNER_URL and TANDEM_KEYSTORE_FOLDER are both set: keep one"),
        (
            not url or len(signers) == len(set(signers)) == lanes,
            f"TANDEM_SIGNER_ADDRESSES must name {lanes} addresses, each lane its own",
        ),
        (
            bool(certificate_file) == bool(key_file),
            "TANDEM_SIGNER_CERTIFICATE_FILE and TANDEM_SIGNER_CERTIFICATE_KEY_FILE go together",
        ),
        (
            not (url.startswith("http:") and (ca_file or certificate_file)),
            "TANDEM_SIGNER_URL begins with http:, where no certificate is looked at: make it https:",
        ),
    )
    return next((text for kept, text in rules if not kept), None)
