"""The tables of the views as SQL, one file each: a new version of a view needs no migration, only a rebuild."""

from __future__ import annotations

from importlib.resources import files

from projections.folding import Table

READERS = "tandem_api, tandem_book"
BUILDER = "tandem_rebuild"  # owns the tables, so that it can swap them; nobody else can make or drop one


def created(table: Table, name: str) -> str:
    """The statement that makes a table under a name, without its keys and indexes: rows are loaded before them."""
    return _parts(table)[0].replace("{table}", f"book.{name}")


def finished(table: Table, name: str) -> list[str]:
    """The statements that give a loaded table its keys and indexes, one after the other."""
    return [part.replace("{table}", f"book.{name}") for part in _parts(table)[1:]]


def granted(name: str) -> list[str]:
    """The statements that let readers read a table and the runner post to it."""
    return [
        f"ALTER TABLE book.{name} OWNER TO {BUILDER}",
        f"GRANT SELECT ON book.{name} TO {READERS}",
        f"GRANT INSERT, UPDATE ON book.{name} TO tandem_book",
    ]


def laid_out(table: Table) -> list[str]:
    """Every statement that an empty table of a new book takes."""
    return [created(table, table.name), *finished(table, table.name), *granted(table.name)]


def _parts(table: Table) -> list[str]:
    text = files("projections").joinpath(f"sql/tables/{table.name}.sql").read_text()
    return [part.strip() for part in text.split(";\n") if part.strip()]
