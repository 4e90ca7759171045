"""The leaf and the tree: RFC 6962 by another road, and the same values from the database."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

import psycopg
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import JournalCorrupt
from domain.journal import Tree, leaf_of
from domain.journal.sealer import Sealer
from tests.unit.domain.journal.notes import WriteNote, asked, ledger_on, note_id


def merkle_tree_hash(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962, section 2.1, words it: split at the largest power of two below the size."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + merkle_tree_hash(leaves[:split]) + merkle_tree_hash(leaves[split:])).digest()


@given(st.integers(0, 70), st.lists(st.integers(1, 20), max_size=6))
def test_any_way_of_growing_gives_the_root_of_the_rfc(size: int, steps: list[int]) -> None:
    leaves = [sha256(str(n).encode()).digest() for n in range(size)]
    tree, rest = Tree(), leaves
    for step in steps:
        tree, rest = tree.grown(rest[:step]), rest[step:]
    tree = tree.grown(rest)
    assert (tree.size, tree.root) == (size, merkle_tree_hash(leaves))


@given(st.integers(1, 2**53 - 1), st.uuids(), st.integers(1, 2**40), st.binary(max_size=50))
def test_the_preimage_of_a_leaf_is_canonical_json(position: int, stream: UUID, version: int, state: bytes) -> None:
    envelope = {
        "h": sha256(state).hexdigest(),
        "i": position,
        "s": str(stream),
        "t": "company.registered",
        "v": version,
    }
    expected = sha256(b"\x00" + rfc8785.dumps(envelope)).digest()
    leaf = leaf_of(position=position, stream=stream, version=version, topic="company.registered", state=state)
    assert leaf == expected


def test_the_database_and_the_house_seal_alike(database: str) -> None:
    ledger = ledger_on(database)
    for n in range(25):
        ledger.handle(asked(WriteNote(note_id(str(n)), f"text {n}"), f"k{n}"))
    ledger.close()
    sealer = Sealer(database)
    progress = sealer.step()
    assert (progress.advanced, progress.position, progress.lag) == (25, 25, 0)
    assert sealer.step().advanced == 0
    sealer.close()
    with psycopg.connect(database) as connection:
        leaves = [row[0] for row in connection.execute("SELECT leaf FROM journal.entries ORDER BY notification_id")]
        heads = connection.execute("SELECT size, root FROM journal.tree").fetchall()
    assert heads == [(25, merkle_tree_hash(leaves))]


def test_an_entry_changed_behind_the_guards_is_found_by_the_sealer(database: str) -> None:
    ledger = ledger_on(database)
    ledger.handle(asked(WriteNote(note_id("a"), "true"), "k1"))
    ledger.close()
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("ALTER TABLE journal.entries DISABLE TRIGGER refuse_change")
        owner.execute(
            "UPDATE journal.entries SET state = convert_to(replace(convert_from(state, 'UTF8'),'true','fals'),'UTF8')"
        )
    sealer = Sealer(database)
    with pytest.raises(JournalCorrupt, match="position 1"):
        sealer.step()
    sealer.close()
