"""What may be kept of a person: the members by name, each with its form and its bounds. Faults never repeat a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.bodies import Body
from api.fields import Text

EMAIL_CHARS_MAX = 254  # RFC 5321 section 4.5.3.1.3

_EMAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,189}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)  # ITU-T E.164
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)  # ISO 3166-1 alpha-2
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _form(code: str, message: str, fits: Callable[[str], object]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not fits(value):
            raise PydanticCustomError(code, "{said}", {"said": message})
        return value

    return check


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


Email = Annotated[
    str,
    BeforeValidator(
        _form("not-an-email", "an e-mail address is name@domain, at most 254 characters", _EMAIL.fullmatch)
    ),
    WithJsonSchema({"type": "string", "maxLength": EMAIL_CHARS_MAX}),
]
Phone = Annotated[
    str,
    BeforeValidator(_form("not-a-phone", "a phone number is + and 7 to 15 digits", _PHONE.fullmatch)),
    WithJsonSchema({"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$"}),
]
Country = Annotated[
    str,
    BeforeValidator(_form("not-a-country", "a country is its two capital letters of ISO 3166", _COUNTRY.fullmatch)),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"}),
]
BirthDate = Annotated[
    str,
    BeforeValidator(_form("not-a-date", "a date is written as YYYY-MM-DD", _is_date)),
    WithJsonSchema({"type": "string", "format": "date"}),
]


class PersonBody(Body):
    """What may be kept of a person. Each member is a text; what is left out is kept no longer."""

    name: Text | None = None
    birth_date: BirthDate | None = None
    nationality: Country | None = None
    address: Text | None = None
    email: Email | None = None
    phone: Phone | None = None
    document_kind: Text | None = None
    document_number: Text | None = None
    occupation: Text | None = None
    income: Text | None = None
    net_worth: Text | None = None


class TextBody(Body):
    """A text to make evidence of."""

    text: Text
