"""The source of the house as tests over it see it: files by room, their trees, the names they bind, their strings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("domain", "abis", "projections", "chain_writer", "chain_indexer", "api", "ops")
BELOW_OPS = tuple(room for room in FLOORS if room != "ops")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(msgspec.Struct, frozen=True):
    """One Python file: its path from the root, its text, its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.path.partition("/")[0]

    def at(self, node: ast.AST) -> str:
        """Where something stands, as an editor opens it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


def sources(*rooms: str) -> tuple[Source, ...]:
    """Every Python file of these rooms."""
    return tuple(source for room in rooms for source in _of(room))


@cache
def _of(room: str) -> tuple[Source, ...]:
    """Each is read and parsed once, whichever rooms a test looks at together."""
    found = []
    for path in sorted((ROOT / room).rglob("*.py")):
        text = path.read_text()
        found.append(Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text)))
    assert found
    return tuple(found)


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Each imported module with its whole dotted name, wherever in the file the import stands."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.at(node)}: write imports from the root, not relative ones"
            yield node, node.module or ""


def functions(source: Source) -> Iterator[Function]:
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            yield node


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Each call with the dotted name of what is called (`""` where that is no plain name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or an attribute, as far as it is made of names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""


def bound_names(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """The names that a file gives to things: what we call, not what libraries call."""
    for node in ast.walk(source.tree):
        if isinstance(node, Function | ast.ClassDef):
            yield node, node.name
        elif isinstance(node, ast.arg):
            yield node, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node, node.attr


def strings(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Each string with its pieces joined; what an f-string puts in stands as `{}`."""
    inside = {id(piece) for node in ast.walk(source.tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node, "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)


def told(violations: list[str], cure: str) -> str:
    """The message of a test over the source: what is wrong, line by line, then what to do."""
    return "\n".join([*violations, "", cure])
