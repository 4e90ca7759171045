"""SQL: long statements in files of their own, migrations numbered without holes, each room in its own schema."""

from __future__ import annotations

import re

from ops.migrate import FOLDER, migrations
from tests.architecture.source import FLOORS, ROOT, sources, strings, told

STATEMENT = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER)\s", re.IGNORECASE)
STATEMENT_CHARS_MAX = 500
STATEMENT_LINES_MAX = 6

# Whose schema is whose. A migration touches its own; a room's SQL reads its own, and the journal.
SCHEMA_OF_MIGRATION = {"roles": "", "processes": "journal"}
SCHEMA_OF_ROOM = {
    "domain": "journal",
    "projections": "book",
    "chain_writer": "writer",
    "chain_indexer": "indexer",
    "api": "api",
}
SCHEMAS = ("journal", "book", "writer", "indexer", "api", "ops")
QUALIFIED = re.compile(rf"(?<![\w.'@-])({'|'.join(SCHEMAS)})\.[a-z_]+")


def plain(sql: str) -> str:
    """Without comments and string literals, which may speak of anything."""
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", " ", sql, flags=re.DOTALL)


def test_long_statements_stand_in_sql_files() -> None:
    wrong = [
        f"{source.at(node)}: a statement of {len(text)} characters"
        for source in sources(*FLOORS)
        for node, text in strings(source)
        if STATEMENT.match(text)
        if len(text) > STATEMENT_CHARS_MAX or text.strip().count("\n") >= STATEMENT_LINES_MAX
    ]
    assert not wrong, told(wrong, "Put it into sql/<what it answers>.sql beside the store, and read it from there.")


def test_migrations_are_numbered_without_holes() -> None:
    assert [int(m.name[:4]) for m in migrations()] == list(range(len(migrations())))
    assert {path.suffix for path in FOLDER.iterdir()} == {".sql"}


def test_each_migration_names_only_the_schema_of_its_room() -> None:
    wrong = []
    for migration in migrations():
        room = migration.name[5:-4]
        own = SCHEMA_OF_MIGRATION.get(room, room)
        named = {found.group(1) for found in QUALIFIED.finditer(plain(migration.sql))}
        wrong += [f"ops/migrations/{migration.name}: names schema {schema}" for schema in sorted(named - {own})]
    assert not wrong, told(
        wrong, "A room knows its own tables only. What it needs of another's it reads in the journal."
    )


def test_no_room_reads_the_schema_of_another() -> None:
    wrong = []
    for room, own in SCHEMA_OF_ROOM.items():
        texts = [(path.relative_to(ROOT).as_posix(), path.read_text()) for path in (ROOT / room).rglob("*.sql")]
        texts += [(s.at(node), text) for s in sources(room) for node, text in strings(s) if STATEMENT.match(text)]
        for place, text in texts:
            named = {found.group(1) for found in QUALIFIED.finditer(plain(text))}
            wrong += [f"{place}: names schema {schema}" for schema in sorted(named - {own, "journal"})]
    assert not wrong, told(wrong, "Ask the room that owns it, or read the journal.")
