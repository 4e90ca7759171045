"""What a share certificate says: the document behind its token URI, and the hash of it that the chain keeps.

The document is made from the entry of the allotment alone, so that whoever has the journal can make it again: the
writer, the indexer, reconciliation, the API and an auditor. It says nothing of the holder, who changes, and nothing of
a person. Its bytes are for ever: every chain that a certificate was posted to holds their hash.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec

FORMAT: Final = "tandem-certificate-1"
HASH_BYTES: Final = 24

# Sorted, without spaces, and without numbers: this is the canonical JSON of RFC 8785, too.
_canonical = msgspec.json.Encoder(order="sorted").encode


def document(*, investment_id: UUID, campaign_id: UUID, shares: int, entry: bytes) -> bytes:
    """The document, after the metadata schema of ERC-721. `entry` is the leaf of the allotment's entry."""
    content = {
        "format": FORMAT,
        "name": f"Share certificate {investment_id}",
        "description": (
            f"Shares allotted for investment {investment_id} in campaign {campaign_id}: {shares}."
            " The register on the chain says who holds them."
        ),
        "certificate_id": str(investment_id),
        "campaign_id": str(campaign_id),
        "shares": str(shares),
        "entry": entry.hex(),
    }
    return _canonical(content)


def content_hash(document: bytes) -> bytes:
    """The first 24 bytes of its SHA-256: SHA-256/192 of NIST SP 800-208."""
    return sha256(document).digest()[:HASH_BYTES]


def content_hash_of(*, investment_id: UUID, campaign_id: UUID, shares: int, entry: bytes) -> bytes:
    """The hash that the chain keeps of what an entry allotted."""
    return content_hash(document(investment_id=investment_id, campaign_id=campaign_id, shares=shares, entry=entry))


def token_uri(base: str, *, investment_id: UUID, content_hash: bytes) -> str:
    """What `tokenURI` answers while somebody holds the certificate."""
    return f"{base}{investment_id.hex}/metadata#sha256-192={content_hash.hex()}"
