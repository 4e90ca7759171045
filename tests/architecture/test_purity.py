"""Time, chance, the environment and sleep are given from above; nothing happens when a module is imported."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import BELOW_OPS, FLOORS, Source, calls, dotted, imports, sources, told

CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.ctime")
CHANCE = ("uuid4", "uuid1", "urandom", "getrandbits")
# A key is made of chance; whoever mints one is a person at the command line.
MAY_ROLL_DICE = {"api/keys.py"}


def _called(*names: str, rooms: tuple[str, ...] = BELOW_OPS) -> list[str]:
    return [
        f"{source.at(call)}: {name}"
        for source in sources(*rooms)
        for call, name in calls(source.tree)
        if any(name == wanted or name.endswith(f".{wanted}") for wanted in names)
    ]


def test_nobody_below_ops_reads_a_clock() -> None:
    assert not (wrong := _called(*CLOCKS)), told(wrong, "Take a clock in the constructor; ops/wiring.py gives it.")


def test_nobody_below_ops_rolls_dice() -> None:
    wrong = [line for line in _called(*CHANCE) if line.partition(":")[0] not in MAY_ROLL_DICE]
    wrong += [
        f"{source.at(node)}: imports {name}"
        for source in sources(*BELOW_OPS)
        for node, name in imports(source)
        if name in ("random", "secrets") and source.path not in MAY_ROLL_DICE
    ]
    assert not wrong, told(wrong, "Derive the id with uuid5 from what it names: a retry must come to the same one.")


def test_nobody_below_ops_reads_the_environment() -> None:
    wrong = [
        f"{source.at(node)}: {name}"
        for source in sources(*BELOW_OPS)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        if (name := dotted(node)) in ("os.environ", "os.getenv", "os.environb")
    ]
    assert not wrong, told(wrong, "Take the value as an argument; ops/settings.py reads it once.")


def test_nobody_below_ops_sleeps() -> None:
    wrong = _called("time.sleep", "asyncio.sleep", "sleep")
    assert not wrong, told(
        wrong, "Return Progress from step(): the one runner in ops/processes.py decides when to rest."
    )


# Nothing happens at import.

OPENS = frozenset(
    {"open", "connect", "Popen", "run", "Client", "AsyncClient", "Redis", "from_url", "Thread", "ThreadPoolExecutor"}
    | {"ConnectionPool", "AsyncConnectionPool", "set_broker", "basicConfig", "system", "urlopen", "socket", "mkdir"}
)


def _happens(source: Source) -> list[str]:
    """What a module does when it is imported: calls for their effect, and calls that open something."""
    happening = []
    for statement in source.tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
            continue
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "__name__ == '__main__'":
            continue
        if (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Call)
            and not _only_tells(statement.value)
        ):
            happening.append(f"{source.at(statement)}: {ast.unparse(statement)}")
        happening += [
            f"{source.at(call)}: {name}(…)"
            for call, name in calls(_without_lambdas(statement))
            if name.rpartition(".")[2] in OPENS
        ]
    return happening


def _only_tells(call: ast.Call) -> bool:
    """Registering a group of commands with the command line opens nothing."""
    return dotted(call.func).endswith(".add_typer")


def _without_lambdas(statement: ast.stmt) -> ast.AST:
    class Cut(ast.NodeTransformer):
        def visit_Lambda(self, node: ast.Lambda) -> ast.AST:  # the library's name
            return ast.copy_location(ast.Constant(None), node)

    return Cut().visit(ast.parse(ast.unparse(statement)))


def test_nothing_happens_when_a_module_is_imported() -> None:
    wrong = [line for source in sources(*FLOORS) for line in _happens(source)]
    assert not wrong, told(wrong, "Do it in a function, and let ops/wiring.py call that.")


@pytest.mark.parametrize(
    ("text", "happens"),
    [
        ("x = open('a')", True),
        ("register(x)", True),
        ("x = f(lambda: open('a'))", False),
        ("def f() -> None:\n    open('a')", False),
        ("x = files('a').read_text()", False),
        ("if __name__ == '__main__':\n    main()", False),
    ],
)
def test_what_counts_as_happening(text: str, *, happens: bool) -> None:
    assert bool(_happens(Source("domain/x.py", text, ast.parse(text)))) is happens
