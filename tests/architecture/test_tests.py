"""Tests that prove something: each asserts, none is skipped, none sleeps to let something happen."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.architecture.source import Function, Source, calls, functions, sources, told

EXPECTS = ("pytest.raises", "pytest.warns", "raises", "warns")


def _asserting_names(among: tuple[Source, ...]) -> set[str]:
    """The names of functions that assert, or that call one that does."""
    bodies: dict[str, list[Function]] = {}
    for source in among:
        for function in functions(source):
            bodies.setdefault(function.name, []).append(function)
    asserting = {name for name, found in bodies.items() if any(_asserts(f, set()) for f in found)}
    while True:
        more = {n for n, found in bodies.items() if n not in asserting and any(_asserts(f, asserting) for f in found)}
        if not more:
            return asserting
        asserting |= more


def _asserts(function: ast.AST, asserting: set[str]) -> bool:
    itself, called = _read(function)
    return itself or not asserting.isdisjoint(called)


@cache
def _read(function: ast.AST) -> tuple[bool, frozenset[str]]:
    """Whether a function asserts by itself, and the last names of what it calls."""
    named = [name for _, name in calls(function)]
    itself = any(name in EXPECTS for name in named) or any(_is_assertion(node) for node in ast.walk(function))
    return itself, frozenset(name.rpartition(".")[2] for name in named)


def _is_assertion(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise) and node.exc is not None:
        return "AssertionError" in ast.unparse(node.exc)
    return isinstance(node, ast.Assert)


def _tests(source: Source) -> list[Function]:
    return [function for function in functions(source) if function.name.startswith("test_")]


def test_every_test_asserts_something() -> None:
    all_tests = sources("tests")
    asserting = _asserting_names(all_tests)
    wrong = [
        f"{source.at(test)}: {test.name}"
        for source in all_tests
        for test in _tests(source)
        if not _asserts(test, asserting)
    ]
    assert not wrong, told(wrong, "Say in `then` what must be so; a test that only runs proves only that it runs.")


def test_no_test_is_skipped() -> None:
    wrong = [
        f"{source.at(node)}: {ast.unparse(node)}"
        for source in sources("tests")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "xfail", "importorskip")
    ]
    assert not wrong, told(wrong, "Provide what the test needs, or delete it: a skipped test is a promise not kept.")


MAY_POLL = {"tests/support/wait.py"}


def test_no_test_sleeps_to_let_something_happen() -> None:
    wrong = [
        f"{source.at(call)}: {name}"
        for source in sources("tests")
        for call, name in calls(source.tree)
        if name in ("time.sleep", "asyncio.sleep") and source.path not in MAY_POLL
    ]
    assert not wrong, told(wrong, "Wait for the fact: tests.support.wait.until(fact, what).")


def test_a_tests_name_is_a_sentence() -> None:
    wrong = [
        f"{source.at(test)}: {test.name}"
        for source in sources("tests")
        for test in _tests(source)
        if len(test.name.split("_")) < 4
    ]
    assert not wrong, told(wrong, "Name the test as an auditor would read it: what holds, when.")


@pytest.mark.parametrize(
    ("text", "asserts"),
    [
        ("def test_a() -> None:\n    assert True", True),
        ("def test_a() -> None:\n    with pytest.raises(E):\n        f()", True),
        ("def test_a() -> None:\n    given().then_all()", True),
        ("def test_a() -> None:\n    f()", False),
    ],
)
def test_what_counts_as_asserting(text: str, *, asserts: bool) -> None:
    assert _asserts(ast.parse(text), {"then_all"}) is asserts
