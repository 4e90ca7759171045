"""Sizes: what a person can hold in mind. The good houses that we learn from have functions of five lines in the middle.

A file that outgrows its bound does two things; a function that does is two steps. The bound is no quota: most are far
below it. Tests may be longer, since a story reads from top to bottom.
"""

from __future__ import annotations

import ast

from tests.architecture.source import FLOORS, functions, sources, told

FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
FUNCTION_LINES_P90_MAX = 22


def test_no_file_outgrows_a_reader() -> None:
    wrong = [
        f"{source.path}: {lines} lines, at most {bound}"
        for source in sources(*FLOORS, "tests")
        if (lines := source.text.count("\n")) > (bound := _bound(source.room))
    ]
    assert not wrong, told(wrong, "Find the two things that the file does, and give the second a file of its own noun.")


def _bound(room: str) -> int:
    return TEST_FILE_LINES_MAX if room == "tests" else FILE_LINES_MAX


def test_no_function_outgrows_a_screen() -> None:
    wrong = [
        f"{source.at(function)}: {function.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"
        for source in sources(*FLOORS)
        for function in functions(source)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert not wrong, told(wrong, "Name its steps, and let each be a function.")


def test_nine_of_ten_functions_of_each_room_are_short() -> None:
    wrong = []
    for room in FLOORS:
        lines = sorted(
            (function.end_lineno or 0) - function.lineno + 1
            for source in sources(room)
            for function in functions(source)
        )
        if lines and (p90 := lines[len(lines) * 9 // 10]) > FUNCTION_LINES_P90_MAX:
            wrong.append(f"{room}: one function in ten has {p90} lines or more, {FUNCTION_LINES_P90_MAX} are meant")
    assert not wrong, told(wrong, "The longest functions of the room hide steps that deserve names.")


def test_every_module_opens_with_its_name_plate() -> None:
    wrong = [
        source.path
        for source in sources(*FLOORS, "tests")
        if source.text.strip() and not ast.get_docstring(source.tree)
    ]
    assert not wrong, told(wrong, "Say in the first line what this file is for, as one would say it to a newcomer.")
