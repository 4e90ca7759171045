"""Bodies are read strictly, and every fault is told with its place."""

from __future__ import annotations

import pytest

from api.errors import RequestUnacceptable
from api.reading import DEPTH_MAX, read_object


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "line 1, column 1"),
        (b'{"a": 1,\n "b" 2}', "line 2, column 6"),
        (b"{} trailing", "line 1, column 4"),
        (b'{"a": 1, "a": 2}', 'the name "a" stands twice'),
        (b'{"deep": {"b": 1, "b": 1}}', 'the name "b" stands twice'),
        (b"[1]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"a": "\x01"}', "line 1, column 8"),
        (b'{"a":' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}", "nested deeper"),
        (b"[" * 60_000, "nested deeper"),
        (b'{"\\ud800": 1}', "half a surrogate pair"),
    ],
)
def test_a_body_that_is_not_one_json_object_is_refused_with_the_place_of_the_fault(body: bytes, said: str) -> None:
    with pytest.raises(RequestUnacceptable) as refused:
        read_object(body)
    assert refused.value.code == "malformed-json"
    assert said in refused.value.detail


def test_a_syntax_error_names_line_and_column_as_members() -> None:
    with pytest.raises(RequestUnacceptable) as refused:
        read_object(b'{\n"a": }')
    assert refused.value.fields == {"line": 2, "column": 6}


def test_brackets_within_texts_do_not_count_as_depth() -> None:
    assert read_object(b'{"a": "[[[[[[[[[[\\"[[[[", "b": "}}}"}')["b"] == "}}}"


def test_a_json_object_is_read_as_it_stands() -> None:
    assert read_object('{"a": "\u00e9", "b": [1, {"c": null}]}'.encode()) == {"a": "\u00e9", "b": [1, {"c": None}]}


def test_a_number_of_thousands_of_digits_stays_above_every_bound_and_costs_nothing() -> None:
    assert read_object(b'{"a": ' + b"9" * 50_000 + b"}")["a"] > 2**64
