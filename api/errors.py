"""What the API itself says no to, sorted by what the caller does next. Codes are registered in `api.problems`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request: where (a JSON pointer, or a header's or parameter's name) and what."""

    pointer: str
    code: str
    message: str


class ApiError(Exception):
    """`detail` says what is wrong with this request, `fields` become members of the problem document."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.fields = dict(fields or {})


class RequestUnacceptable(ApiError):
    """The request itself is at fault. Mend it; nothing was recorded under its key."""


class KeyUnknown(ApiError):
    """Nobody is known by this key. Present a valid one."""

    def __init__(self, detail: str) -> None:
        super().__init__("unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="tandem"'})


class RightMissing(ApiError):
    """The key is known, but this is not for its roles. Use another key."""


class NothingThere(ApiError):
    """There is nothing of that name that this key may see. Check the id, or the path."""


class PersonGone(ApiError):
    """The person's data was destroyed, for good. Nothing can be done about it, and nothing should."""


class PersonDamaged(ApiError):
    """What is kept of the person does not open. The operator restores it from a backup, and asks who changed it."""


class TryAgain(ApiError):
    """The same request may succeed later: send it again after `after_s` seconds, a command with the same key."""

    def __init__(self, code: str, detail: str, *, after_s: int, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(code, detail, headers={"Retry-After": str(after_s)}, fields=fields)


class RuleBroken(ApiError):
    """A rule of the domain said no. Look at the state; asking again changes nothing until that has changed."""
