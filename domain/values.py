"""Values that several aggregates share: what a chain says happened, the terms of a campaign, and bounds on numbers."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from domain.errors import Refusal
from domain.journal.encoding import EXACT_MAX, exact

# Amounts of a currency and share counts stay exact in every JSON reader (RFC 8785 refuses larger integers); a goal of
# 5,000,000 in minor units is ten million times smaller. Wei go beyond: the journal stores those as decimal strings.
AMOUNT_MAX = EXACT_MAX
WEI = "wei"  # the settlement asset of a campaign in the chain's own coin
WEI_MAX = 10**27  # a thousand million coins
DEPOSIT_MAX = 10**37  # anybody may deposit any amount; the book's columns have 38 digits
TEXT_CHARS_MAX = 500
CID_CHARS_MAX = 100
BPS = 10_000  # basis points in a whole

_WALLET = re.compile(r"0x[0-9a-fA-F]{40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CID = re.compile(r"Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{20,}")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK"})


class ChainFact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where on the chain a log stands, and the journal position of the entry whose hash it repeats.

    `generation` is the id of the chain generation that shows it; none in entries of before confirmations named theirs,
    when there was only the one that the journal began with.
    """

    chain_id: int
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int
    entry_position: int
    generation: UUID | None = None


class ChainPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where on the chain a log stands that no entry caused: somebody called a contract on their own."""

    chain_id: int
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int

    @property
    def reference(self) -> str:
        """Its name in the journal. For ever: ids of payments are derived from it."""
        return f"{self.tx_hash}:{self.log_index}"


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the raised money that is released on its own, in basis points of the whole."""

    name: str
    bps: int


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a campaign offers. Money in minor units of `currency` (ISO 4217) or in wei, duration in seconds, bps.

    `investor_maximum` 0: no limit for one investor. `oversubscription`: what happens beyond the cap (`reject`,
    `first_come` with a waiting list, `pro_rata`). Without milestones the money is released whole.
    """

    currency: str
    funding_goal: int
    minimum: int
    cap: int
    share_price: int
    duration_s: int
    success_threshold_bps: int
    fee_bps: int
    rule_pack: str
    investor_maximum: int = 0
    opens_at: datetime | None = None
    oversubscription: str = "reject"
    milestones: tuple[Milestone, ...] = ()

    @property
    def amount_max(self) -> int:
        """The largest amount that can be written in this campaign's settlement asset."""
        return amount_max(self.currency)

    @property
    def threshold(self) -> int:
        """The raised amount from which the campaign succeeds: its part of the goal, rounded up."""
        return -(-self.funding_goal * self.success_threshold_bps // BPS)


_canonical = msgspec.json.Encoder(order="sorted").encode


def amount_max(currency: str) -> int:
    return WEI_MAX if currency == WEI else AMOUNT_MAX


def terms_hash(*, company_id: UUID, title: str, terms: Terms, documents: dict[str, str] | None = None) -> str:
    """SHA-256 of exactly what is submitted and approved, as hex: canonical JSON of company, title, terms, documents.

    A campaign without documents has none in its hash.
    """
    content: dict[str, object] = {"company_id": company_id, "terms": terms, "title": title}
    if documents:
        content["documents"] = documents
    return sha256(_canonical(exact(msgspec.to_builtins(content)))).hexdigest()


def documents_hash(documents: dict[str, str]) -> str:
    """SHA-256 over documents (id to SHA-256), as hex, whatever the order of attaching."""
    return sha256(_canonical(documents)).hexdigest()


def check_amount(amount: int, *, name: str, maximum: int = AMOUNT_MAX) -> None:
    """Refuse an amount that is not positive or beyond what its settlement asset can be written in."""
    if amount <= 0:
        raise Refusal("amount-not-positive", f"{name} must be above zero", field=name, given=str(amount))
    if amount > maximum:
        raise Refusal("amount-too-large", f"{name} is above {maximum}", field=name, given=str(amount))


def check_text(text: str, *, name: str) -> None:
    """Refuse an empty or oversized text, or one that hides characters: controls, direction marks, lone surrogates."""
    if not text.strip() or len(text) > TEXT_CHARS_MAX:
        raise Refusal("text-not-acceptable", f"{name} needs 1 to {TEXT_CHARS_MAX} characters", field=name)
    hidden = next((c for c in text if unicodedata.category(c) in _HIDDEN and c != "\n"), None)
    if hidden is not None:
        raise Refusal("text-not-acceptable", f"{name} has the hidden character U+{ord(hidden):04X}", field=name)


def check_name(text: str, *, name: str) -> None:
    """Refuse a name that could pass for another: letters of scripts that are not written together in one word.

    Unicode TR39 section 5.1 (single script restriction), by the script in each letter's Unicode name: Latin, Cyrillic
    and Greek have letters that look alike; a word uses one of them.
    """
    check_text(text, name=name)
    for word in text.split():
        scripts = {script for c in word if (script := unicodedata.name(c, "").partition(" ")[0]) in _ALIKE}
        if len(scripts) > 1:
            mixed = " and ".join(sorted(script.capitalize() for script in scripts))
            raise Refusal("text-not-acceptable", f"{name} mixes {mixed} letters in one word", field=name)


def check_wallet(wallet: str) -> None:
    """Refuse what no contract could pay to: a wallet is 0x and 40 hex digits, and not the zero address."""
    if not _WALLET.fullmatch(wallet) or not int(wallet, 16):
        raise Refusal("wallet-not-acceptable", "a wallet is 0x and 40 hex digits, not all zero", field="wallet")


def check_digest(digest: str, *, name: str) -> None:
    """Refuse what is not a SHA-256 in lower-case hex."""
    if not _DIGEST.fullmatch(digest):
        raise Refusal("digest-not-acceptable", f"{name} must be 64 hex digits in lower case", field=name)


def check_cid(cid: str | None) -> None:
    """Refuse what is no content identifier (CID of version 0 or 1 in its usual text forms); None is none given."""
    if cid is not None and (len(cid) > CID_CHARS_MAX or not _CID.fullmatch(cid)):
        raise Refusal("cid-not-acceptable", "a CID begins with Qm (version 0) or b (version 1, base32)", field="cid")


def check_later(moment: datetime | None, *, than: datetime, name: str) -> None:
    """Refuse a moment that is not in the future of `than`, or that has no zone; None is none given."""
    if moment is None:
        return
    if moment.tzinfo is None:
        raise Refusal("time-not-acceptable", f"{name} needs a time zone", field=name)
    if moment <= than:
        raise Refusal("time-not-acceptable", f"{name} must be later than {than.isoformat()}", field=name)


def check_over(until: datetime | None, *, now: datetime, what: str) -> datetime:
    """The moment that has come; refuse while it has not, or if there is none."""
    if until is None or now < until:
        raise Refusal("not-due", f"{what} is valid still", due=str(until))
    return until
