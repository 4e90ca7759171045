"""The kinds of field that bodies are made of: exact amounts, checksummed wallets, bounded texts, digests, ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from abis.hashing import checksummed
from domain.values import AMOUNT_MAX, CID_CHARS_MAX, TEXT_CHARS_MAX, WEI, WEI_MAX

AMOUNT_DIGITS_MAX = len(str(WEI_MAX))
MOMENT_CHARS_MAX = 40
YEAR_MIN, YEAR_MAX = 1970, 3000

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_WALLET = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_RULE_PACK = re.compile(r"[a-z][a-z0-9-]{0,40}@[1-9][0-9]{0,5}", re.ASCII)
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}", re.ASCII)
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def _fault(code: str, message: str) -> PydanticCustomError:
    # The library takes braces in a message for its own placeholders.
    return PydanticCustomError(code, "{said}", {"said": message})


def amount_of(value: Any) -> int:
    """Minor units or wei, exactly: a decimal string, or a JSON integer that every reader keeps exact."""
    written = isinstance(value, str)
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise _fault("not-an-amount", "an amount is digits only, without sign, point or leading zeros")
        value = int(value[: AMOUNT_DIGITS_MAX + 2])
    if isinstance(value, bool) or not isinstance(value, int):
        raise _fault("not-an-amount", "an amount is a decimal string or an integer of minor units, never a fraction")
    if value < 0:
        raise _fault("amount-negative", "an amount is not below zero")
    if value > (WEI_MAX if written else AMOUNT_MAX):
        raise _fault("amount-too-large", f"an integer is at most {AMOUNT_MAX} (2^53 - 1), a decimal string {WEI_MAX}")
    return value


def wallet_of(value: Any) -> str:
    """An address in its checksummed form. Mixed case is a checksum and must be right; one case only is none."""
    if not isinstance(value, str) or not _WALLET.fullmatch(value):
        raise _fault("not-a-wallet", "a wallet is 0x and 40 hex digits")
    right = checksummed(value)
    digits = value[2:]
    if value != right and digits not in {digits.lower(), digits.upper()}:
        raise _fault("wallet-checksum", "the wallet's mixed case is not its EIP-55 checksum: a digit may be mistyped")
    return right


def digest_of(value: Any) -> str:
    """A SHA-256 as 64 hex digits, in lower case."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise _fault("not-a-sha256", "a SHA-256 is 64 hex digits")
    return value.lower()


def id_of(value: Any) -> UUID:
    """A UUID in its usual form."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _fault("not-a-uuid", "an id is a UUID: 8-4-4-4-12 hex digits")
    return UUID(value)


def text_of(value: Any) -> Any:
    """A text that can be written at all. What it may say is the domain's to judge: `check_text`, `check_name`."""
    if isinstance(value, str) and not value.isascii() and _HALF_A_PAIR.search(value):
        raise _fault("character-refused", "half a surrogate pair may not stand in a text")
    return value


def currency_of(value: Any) -> str:
    """A settlement asset: a currency's code as ISO 4217 writes them, or wei for the chain's own coin."""
    if not isinstance(value, str) or not (value == WEI or _CURRENCY.fullmatch(value)):
        raise _fault("not-a-currency", "a currency is three upper-case letters, or wei")
    return value


def rule_pack_of(value: Any) -> str:
    """A rule pack's id with its version."""
    if not isinstance(value, str) or not _RULE_PACK.fullmatch(value):
        raise _fault("not-a-rule-pack", "a rule pack is a name and a version, such as default@1")
    return value


def moment_of(value: Any) -> datetime:
    """A moment with its zone, as RFC 3339 writes them."""
    if not isinstance(value, str) or len(value) > MOMENT_CHARS_MAX:
        raise _fault("not-a-time", "a time is a text such as 2026-11-26T12:00:00Z")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _fault("not-a-time", "a time is a text such as 2026-11-26T12:00:00Z") from None
    if moment.tzinfo is None:
        raise _fault("time-without-zone", "a time needs its zone, such as Z or +03:00")
    if not YEAR_MIN < moment.year < YEAR_MAX:
        # Further out a zone or a notice would lead beyond what clocks and databases can hold.
        raise _fault("time-out-of-bounds", f"a time lies between the years {YEAR_MIN} and {YEAR_MAX}")
    return moment.astimezone(UTC)


def signature_of(value: Any) -> str:
    """A wallet's signature: 65 bytes in hex."""
    if not isinstance(value, str) or not _SIGNATURE.fullmatch(value):
        raise _fault("not-a-signature", "a signature is 0x and 130 hex digits")
    return value.lower()


Amount = Annotated[
    int,
    BeforeValidator(amount_of),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "description": "Minor units of the currency, as a decimal string (or an integer).",
            "oneOf": [
                {"type": "string", "pattern": f"^(0|[1-9][0-9]{{0,{AMOUNT_DIGITS_MAX - 1}}})$"},
                {"type": "integer", "minimum": 0, "maximum": AMOUNT_MAX},
            ],
        }
    ),
]
Wallet = Annotated[
    str,
    BeforeValidator(wallet_of),
    WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$", "description": "EIP-55 where case is mixed."}),
]
Digest = Annotated[str, BeforeValidator(digest_of), WithJsonSchema({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"})]
Id = Annotated[UUID, BeforeValidator(id_of)]
Text = Annotated[
    str,
    BeforeValidator(text_of),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": TEXT_CHARS_MAX}),
]
Currency = Annotated[
    str, BeforeValidator(currency_of), WithJsonSchema({"type": "string", "pattern": "^([A-Z]{3}|wei)$"})
]
Cid = Annotated[
    str, BeforeValidator(text_of), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": CID_CHARS_MAX})
]
Moment = Annotated[datetime, BeforeValidator(moment_of), WithJsonSchema({"type": "string", "format": "date-time"})]
Signature = Annotated[
    str, BeforeValidator(signature_of), WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-fA-F]{130}$"})
]
RulePackId = Annotated[
    str,
    BeforeValidator(rule_pack_of),
    WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9-]{0,40}@[1-9][0-9]{0,5}$"}),
]
Count = Annotated[int, Field(ge=0, le=AMOUNT_MAX)]
