"""A request's body, from bytes to plain values: strict JSON, with the place of every fault."""

from __future__ import annotations

import json
import re
from typing import Any

from api.errors import RequestUnacceptable

BODY_BYTES_MAX = 64 * 1024
DEPTH_MAX = 8
# Digits beyond these are dropped: what is left is still far above every bound that a field has.
DIGITS_MAX = 40

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_BRACKET_OR_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]]')


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body holds. Raises RequestUnacceptable: what is wrong, with its line and column."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"the body is not UTF-8 at byte {error.start}") from None
    if _deeper_than(text, DEPTH_MAX):
        raise _malformed(f"the body is nested deeper than {DEPTH_MAX} levels")
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        raise _malformed(
            f"the body is not JSON: {what} at line {error.lineno}, column {error.colno}",
            fields={"line": error.lineno, "column": error.colno},
        ) from None
    if not isinstance(value, dict):
        raise _malformed("the body must be a JSON object")
    return value


def _malformed(detail: str, *, fields: dict[str, int] | None = None) -> RequestUnacceptable:
    return RequestUnacceptable("malformed-json", detail, fields=fields)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        # Readers differ in which of the two they take, so neither is taken.
        raise _malformed(f"the name {json.dumps(twice)} stands twice in one object")
    if any(not name.isascii() and _HALF_A_PAIR.search(name) for name in members):
        raise _malformed("a name holds half a surrogate pair")
    return members


def _integer(digits: str) -> int:
    return int(digits[:DIGITS_MAX])


def _no_constant(name: str) -> Any:
    raise _malformed(f"{name} is not JSON")


def _deeper_than(text: str, levels: int) -> bool:
    """Whether brackets stand deeper in each other, those within texts not counted. Asked before anything recurses."""
    if text.count("{") + text.count("[") <= levels:
        return False
    depth = 0
    for found in _BRACKET_OR_TEXT.finditer(text):
        if found[0] in "{[":
            depth += 1
            if depth > levels:
                return True
        elif found[0] in "}]":
            depth -= 1
    return False


_decoder = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_constant=_no_constant)
