"""Values that several aggregates share: what a chain says happened, the terms of a campaign, and bounds on numbers."""

from __future__ import annotations

import re
from hashlib import sha256
from uuid import UUID

import msgspec

from domain.errors import Refusal

# Amounts and share counts stay exact in every JSON reader (RFC 8785 refuses larger integers), so that events may keep
# plain integers; a goal of 5,000,000 in minor units is ten million times smaller.
AMOUNT_MAX = 2**53 - 1
TEXT_CHARS_MAX = 500
BPS = 10_000  # basis points in a whole

_WALLET = re.compile(r"0x[0-9a-fA-F]{40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class ChainFact(msgspec.Struct, frozen=True, kw_only=True):
    """Where on the chain a log stands, and the journal position of the entry whose hash it repeats."""

    chain_id: int
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int
    entry_position: int


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign offers. Money in minor units of `currency` (ISO 4217), duration in seconds, shares in bps."""

    currency: str
    funding_goal: int
    minimum: int
    cap: int
    share_price: int
    duration_s: int
    success_threshold_bps: int
    fee_bps: int
    rule_pack: str

    @property
    def threshold(self) -> int:
        """The raised amount from which the campaign succeeds: its part of the goal, rounded up."""
        return -(-self.funding_goal * self.success_threshold_bps // BPS)


_canonical = msgspec.json.Encoder(order="sorted").encode


def terms_hash(*, company_id: UUID, title: str, terms: Terms) -> str:
    """SHA-256 of exactly what is submitted and approved, as hex: canonical JSON of company, title and terms."""
    return sha256(_canonical({"company_id": company_id, "terms": terms, "title": title})).hexdigest()


def documents_hash(documents: dict[str, str]) -> str:
    """SHA-256 over a company's documents (kind to SHA-256), as hex, whatever the order of attaching."""
    return sha256(_canonical(documents)).hexdigest()


def check_amount(amount: int, *, name: str) -> None:
    """Refuse an amount that is not positive or cannot be written exactly in every JSON reader."""
    if amount <= 0:
        raise Refusal("amount-not-positive", f"{name} must be above zero", field=name, given=amount)
    if amount > AMOUNT_MAX:
        raise Refusal("amount-too-large", f"{name} is above {AMOUNT_MAX}", field=name, given=str(amount))


def check_text(text: str, *, name: str) -> None:
    """Refuse an empty or oversized text."""
    if not text.strip() or len(text) > TEXT_CHARS_MAX:
        raise Refusal("text-not-acceptable", f"{name} needs 1 to {TEXT_CHARS_MAX} characters", field=name)


def check_wallet(wallet: str) -> None:
    """Refuse what no contract could pay to: a wallet is 0x and 40 hex digits, and not the zero address."""
    if not _WALLET.fullmatch(wallet) or not int(wallet, 16):
        raise Refusal("wallet-not-acceptable", "a wallet is 0x and 40 hex digits, not all zero", field="wallet")


def check_digest(digest: str, *, name: str) -> None:
    """Refuse what is not a SHA-256 in lower-case hex."""
    if not _DIGEST.fullmatch(digest):
        raise Refusal("digest-not-acceptable", f"{name} must be 64 hex digits in lower case", field=name)
