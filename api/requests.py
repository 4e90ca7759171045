"""What a request says outside its JSON: its key, versions, ids and parameters, and the bytes of its body."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn
from uuid import UUID

import msgspec
from starlette.requests import Request

from api.errors import Fault, NothingThere, RequestUnacceptable
from api.reading import BODY_BYTES_MAX
from domain.values import AMOUNT_MAX

BODY_S_MAX = 10.0
KEY_CHARS_MAX = 200
PAGE_ITEMS = 50
PAGE_ITEMS_MAX = 200

_KEY = re.compile(r"[\x20-\x7e]{1,200}", re.ASCII)
_VERSION = re.compile(r'"v(0|[1-9][0-9]{0,15})"', re.ASCII)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z_]{0,40}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


class Parameter(msgspec.Struct, frozen=True):
    """A query parameter: a position, a page's length, an id, a word such as a status, a flag, or a moment
    (which may also be given as a position)."""

    name: str
    kind: Literal["position", "items", "id", "word", "flag", "moment"]
    meaning: str


MIN_POSITION = Parameter("min_position", "position", "Answer once the book has reached this position, or say 503.")
AT = Parameter("at", "moment", "As it stood at this position, or at this moment with its zone (2027-01-31T12:00:00Z).")
DRY_RUN = Parameter("dry_run", "flag", "true: decide as always, record nothing, and say what would be recorded.")
PAGE = (
    Parameter("after", "position", "The `next` of the page before; 0 for the first page."),
    Parameter("limit", "items", f"How many items, 1 to {PAGE_ITEMS_MAX}; {PAGE_ITEMS} if left out."),
)


def bearer_token(request: Request) -> str | None:
    """The token of the Authorization header, None if there is no such header of the Bearer scheme."""
    scheme, _, token = (_header(request, "Authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def idempotency_key(request: Request) -> str:
    """The client's name for this one command."""
    key = _header(request, "Idempotency-Key")
    if key is None:
        _refuse_header("Idempotency-Key", "missing", "every command needs an Idempotency-Key of its own")
    if not _KEY.fullmatch(key):
        _refuse_header("Idempotency-Key", "wrong-form", f"an Idempotency-Key is 1 to {KEY_CHARS_MAX} printable ASCII")
    return key


def expected_version(request: Request) -> int | None:
    """The version on which the client decided, None if it does not say."""
    given = _header(request, "If-Match")
    if given is None:
        return None
    found = _VERSION.fullmatch(given.strip())
    if found is None:
        _refuse_header("If-Match", "wrong-form", 'If-Match names one version, as the ETag does: "v17"')
    return int(found[1])


def given_correlation(request: Request) -> UUID | None:
    """The story that the client says this belongs to, None if it names none that is a UUID."""
    given = request.headers.get("X-Correlation-Id", "")
    return UUID(given) if _ID.fullmatch(given) else None


def path_ids(segments: Mapping[str, str]) -> dict[str, UUID]:
    """The ids of the path. Raises NothingThere for one that is no UUID: nothing has such an id."""
    ids = {}
    for name, given in segments.items():
        if not _ID.fullmatch(given):
            raise NothingThere("not-found", f"{given[:100]!r} is no id: ids are UUIDs", fields={"id": given[:100]})
        ids[name] = UUID(given)
    return ids


def path_position(given: str) -> int:
    """The position of the path. Raises NothingThere for what is none."""
    if not _NUMBER.fullmatch(given):
        raise NothingThere("not-found", f"{given[:100]!r} is no position of the journal", fields={"id": given[:100]})
    return int(given)


def parameters(request: Request, known: Sequence[Parameter]) -> dict[str, Any]:
    """The query parameters as values. Raises RequestUnacceptable naming what cannot be taken."""
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    kinds = {parameter.name: parameter for parameter in known}
    for name, given in request.query_params.multi_items():
        shown = name[:100].encode("utf-8", "replace").decode("utf-8")
        if name not in kinds:
            faults.append(Fault(shown, "unknown-parameter", f"known here: {', '.join(kinds) or 'none'}"))
        elif name in values:
            faults.append(Fault(shown, "repeated", "this parameter is given once"))
        else:
            values[name] = _value(kinds[name], given, faults)
    if faults:
        raise RequestUnacceptable(
            "parameter-not-acceptable", f"{faults[0].pointer}: {faults[0].message}", faults=faults[:20]
        )
    return values


def _value(parameter: Parameter, given: str, faults: list[Fault]) -> Any:  # noqa: PLR0911  # one line a kind
    match parameter.kind:
        case "position" if _NUMBER.fullmatch(given) and int(given) <= AMOUNT_MAX:
            return int(given)
        case "items" if _NUMBER.fullmatch(given) and 1 <= int(given) <= PAGE_ITEMS_MAX:
            return int(given)
        case "id" if _ID.fullmatch(given):
            return UUID(given)
        case "flag" if given in {"true", "false"}:
            return given == "true"
        case "moment" if (moment := _moment(given)) is not None:
            return moment
        case "word" if _WORD.fullmatch(given):
            return given
    expected = {
        "position": "a position of the journal: 0 or more",
        "items": f"a number from 1 to {PAGE_ITEMS_MAX}",
        "id": "a UUID",
        "word": "a word in lower case",
        "flag": "true or false",
        "moment": "a position, or a moment with its zone, such as 2027-01-31T12:00:00Z (a + is written %2B here)",
    }
    faults.append(Fault(parameter.name, "wrong-form", f"this is {expected[parameter.kind]}"))
    return None


def _moment(given: str) -> int | datetime | None:
    """A position, or a moment with its zone; None if it is neither."""
    if _NUMBER.fullmatch(given):
        return int(given) if int(given) <= AMOUNT_MAX else None
    if not _MOMENT.fullmatch(given):
        return None
    try:
        return datetime.fromisoformat(given).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


async def body_bytes(request: Request) -> bytes:
    """The body, within its bounds of size and time. Raises RequestUnacceptable beyond them."""
    declared = request.headers.get("Content-Length", "0")
    if not declared.isdecimal() or int(declared[:16]) > BODY_BYTES_MAX:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise _too_large()
    except TimeoutError:
        detail = f"the body was not complete after {BODY_S_MAX:.0f} s"
        raise RequestUnacceptable("body-late", detail, headers={"Connection": "close"}) from None
    if body:
        _check_media_type(request)
    return bytes(body)


def _check_media_type(request: Request) -> None:
    given = request.headers.get("Content-Type", "")
    media_type, _, rest = given.partition(";")
    charset = rest.strip().lower().replace('"', "")
    if media_type.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        shown = given[:100] or "nothing"
        raise RequestUnacceptable(
            "media-type-not-supported", f"the body is declared as {shown!r}; only application/json in UTF-8 is taken"
        )


def _too_large() -> RequestUnacceptable:
    # The rest of the body is not read, so the connection cannot carry another request.
    return RequestUnacceptable(
        "body-too-large", f"a body has at most {BODY_BYTES_MAX} bytes", headers={"Connection": "close"}
    )


def _header(request: Request, name: str) -> str | None:
    given = request.headers.getlist(name)
    if len(given) > 1:
        _refuse_header(name, "repeated", f"{name} is given once")
    return given[0] if given else None


def _refuse_header(name: str, code: str, message: str) -> NoReturn:
    raise RequestUnacceptable("header-not-acceptable", message, faults=[Fault(name, code, message)])
