"""Which refusals a command can meet and in which states it passes, read from the domain's source.

For the client documentation and the tests; nothing of the API itself asks for it. It reads a command's handler and all
that this calls: names are followed to what they mean in their module, methods by the annotated kind of their object.
What only a state or a value decides is not told apart, but for a literal argument that the function called compares.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from domain import asking
from domain.campaign.state import Campaign
from domain.commands import Command
from domain.errors import Refusal
from domain.handlers import HANDLERS
from domain.investment.state import Investment
from domain.journal.work import Work
from domain.refusals import CODES

Literals = Mapping[str, object]

STATE_CHECKS = (Campaign.check_in, Investment.check_status)


def refusals_of(command: type[Command]) -> frozenset[str]:
    """The codes that this command can meet in the domain, once its role is allowed."""
    return frozenset(code for reader in _readers(command) for code in reader.codes)


def states_of(command: type[Command]) -> frozenset[str]:
    """The states of campaigns and investments in which the checks on this command's way let it pass."""
    return frozenset(state for reader in _readers(command) for state in reader.states)


def _readers(command: type[Command]) -> Iterator[_Reader]:
    """One for each function that the command's handler reaches."""
    seen: set[tuple[object, ...]] = set()
    ways: list[tuple[Callable[..., Any], Literals]] = [(HANDLERS[command], {})]
    while ways:
        function, literals = ways.pop()
        name = (function, *sorted(literals.items(), key=str))
        if name not in seen:
            seen.add(name)
            reader = _Reader(function, literals)
            ways += reader.calls
            yield reader


class _Reader(ast.NodeVisitor):
    """Reads one function: the codes it refuses with, the states it checks, what it calls with which literals."""

    def __init__(self, function: Callable[..., Any], literals: Literals) -> None:
        self.codes: set[str] = set()
        self.states: set[str] = set()
        self.calls: list[tuple[Callable[..., Any], Literals]] = []
        self._literals = literals
        self._globals: dict[str, Any] = inspect.unwrap(function).__globals__
        self._kinds = {name: _kind(hint) for name, hint in _hints(function).items() if name != "return"}
        owner = _owner(function)
        if owner is not None:
            self._kinds["self"] = owner
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
        assert isinstance(tree, ast.FunctionDef)
        self._read(tree.body)

    def _read(self, statements: Iterable[ast.stmt]) -> bool:
        """Read statements in their order; True if nothing after them is reached."""
        for statement in statements:
            if isinstance(statement, ast.If):
                if self._read_if(statement):
                    return True
            else:
                self.visit(statement)
                if isinstance(statement, ast.Raise | ast.Return):
                    return True
        return False

    def _read_if(self, statement: ast.If) -> bool:
        known = self._decided(statement.test)
        if known is not None:
            return self._read(statement.body if known else statement.orelse)
        self.visit(statement.test)
        ended = self._read(statement.body)
        return self._read(statement.orelse) and ended

    def _decided(self, test: ast.expr) -> bool | None:
        """Whether a comparison of a literal argument holds; None if this is no such comparison."""
        match test:
            case ast.Compare(ast.Name(name), [ast.Eq()], [ast.Constant(value)]) if name in self._literals:
                return self._literals[name] == value
            case _:
                return None

    def visit_If(self, node: ast.If) -> None:
        self._read_if(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            match target, node.value:
                case ast.Name(name), value:
                    self._kinds[name] = self._kind_of(value)
                case ast.Tuple(names), ast.Tuple(values):
                    given = zip(names, values, strict=True)
                    self._kinds |= {n.id: self._kind_of(value) for n, value in given if isinstance(n, ast.Name)}

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        called = self._meaning(node.func)
        if called is Refusal:
            code = node.args[0]
            assert isinstance(code, ast.Constant), f"a refusal's code is a literal: {ast.unparse(node)}"
            assert isinstance(code.value, str)
            assert code.value in CODES, f"{code.value} is no code of domain.refusals"
            self.codes.add(code.value)
        elif inspect.isfunction(called) and called.__module__.startswith("domain."):
            self.calls.append((called, _literals(called, node)))
            if called in STATE_CHECKS:
                self.states |= {state for argument in node.args for state in self._texts(argument)}

    def _texts(self, argument: ast.expr) -> Iterable[str]:
        """A literal text, or the texts of a constant that is spread over the arguments."""
        match argument:
            case ast.Constant(str(text)):
                return [text]
            case ast.Starred(ast.Name(name)):
                texts: Iterable[str] = self._globals[name]
                return texts
            case _:
                raise AssertionError(f"a state is checked by its literal name: {ast.unparse(argument)}")

    def _meaning(self, node: ast.expr) -> Any:
        """The very function, class or module that an expression names; None if it names a value."""
        match node:
            case ast.Name(name):
                return None if name in self._kinds else self._globals.get(name)
            case ast.Attribute(value, name):
                owner = self._meaning(value)
                kind = self._kind_of(value) if owner is None else None
                return getattr(owner if kind is None else kind, name, None)
            case _:
                return None

    def _kind_of(self, node: ast.expr) -> type | None:
        """The class of a value, as far as annotations tell."""
        match node:
            case ast.Name(name):
                return self._kinds.get(name)
            case ast.Attribute(value, name):
                return _kind_of_member(self._kind_of(value), name)
            case ast.Call(ast.Attribute(_, "load" | "find"), [kind, _]):
                return _kind(self._meaning(kind))
            case ast.Call(function):
                called = self._meaning(function)
                return called if inspect.isclass(called) else _kind(_hints(called).get("return"))
            case _:
                return None


def _literals(function: Callable[..., Any], call: ast.Call) -> Literals:
    """The arguments of a call that are literal texts, by the names of the parameters."""
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    given: Iterator[tuple[str | None, ast.expr]] = iter(
        [*zip(names, call.args, strict=False), *((word.arg, word.value) for word in call.keywords)]
    )
    return {
        name: value.value
        for name, value in given
        if name is not None and isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def _kind_of_member(owner: type | None, name: str) -> type | None:
    """The class of an attribute or property, by its annotation."""
    member = inspect.getattr_static(owner, name, None)
    if isinstance(member, property):
        return _kind(_hints(member.fget).get("return"))
    return _kind(_hints(owner).get(name))


def _kind(hint: Any) -> type | None:
    """The class that an annotation means, without None; what a command may see is the one Work that there is."""
    if isinstance(hint, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        hint = kinds[0] if len(kinds) == 1 else None
    if hint is asking.Work:
        return Work
    return hint if inspect.isclass(hint) and hint.__module__.startswith("domain.") else None


def _hints(annotated: Any) -> dict[str, Any]:
    if annotated is None or isinstance(annotated, types.BuiltinFunctionType):
        return {}
    if annotated is Work:
        return typing.get_type_hints(asking.Work)
    try:
        return typing.get_type_hints(annotated)
    except (NameError, TypeError):
        return {}


def _owner(function: Callable[..., Any]) -> type | None:
    """The class of a method."""
    name, _, _ = function.__qualname__.rpartition(".")
    owner = getattr(inspect.getmodule(function), name, None) if name else None
    return owner if inspect.isclass(owner) else None
