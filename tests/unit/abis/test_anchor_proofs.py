"""The anchor's proofs against RFC 6962 written out: every pair of sizes up to 40, every spoilt proof, and any size."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abis import calls
from domain.journal.sealing import EMPTY_ROOT, Tree, node_of
from tests.unit.abis.anchoring import (
    NO,
    PLACE,
    YES,
    anchor_of,
    answers,
    entries,
    flipped,
    inclusion,
    spoilt,
)
from tests.unit.abis.ledger import LedgerOnChain
from tests.unit.abis.rfc6962 import SAME, Leaves

SIZE_MAX = 40
HASHES = entries(SIZE_MAX)
JOURNAL = Leaves.of(HASHES)
sizes = st.integers(1, 64).flatmap(lambda bits: st.integers(1, 2**bits - 1))  # each magnitude as often


def test_the_journal_s_own_tree_is_the_one_of_the_rfc() -> None:
    tree = Tree()
    assert tree.root == EMPTY_ROOT == JOURNAL.root(0, 0)
    for size, leaf in enumerate(HASHES, start=1):
        tree = tree.grown([leaf])
        assert (tree.size, tree.root) == (size, JOURNAL.root(0, size))


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=300), st.integers(0, 300))
def test_the_journal_s_own_tree_is_the_one_of_the_rfc_however_it_grew(hashes: list[bytes], at: int) -> None:
    assert Tree().grown(hashes[:at]).grown(hashes[at:]).root == Leaves.of(hashes).root(0, len(hashes))


def test_every_consistency_proof_passes_and_every_spoilt_one_is_refused(ledger: LedgerOnChain) -> None:
    for first in range(1, SIZE_MAX):
        ledger.post(PLACE, anchor_of(JOURNAL, first, after=first - 1))
        attempts, expected = [], []
        for second in range(first + 1, SIZE_MAX + 1):
            root, proof = JOURNAL.root(0, second), JOURNAL.consistency(first, second)
            wrong = [(proof_, root) for proof_ in spoilt(proof)] + [(proof, flipped(root)), (proof, bytes(32))]
            attempts += [calls.anchor(size=second, root=r, proof=p) for p, r in [(proof, root), *wrong]]
            expected += [b"", *["ConsistencyUnproven"] * len(wrong)]
        assert answers(ledger, attempts) == expected, f"from {first}"


def test_a_consistency_proof_from_another_size_is_refused(ledger: LedgerOnChain) -> None:
    for first in range(1, SIZE_MAX):
        ledger.post(PLACE, anchor_of(JOURNAL, first, after=first - 1))
        others = [
            anchor_of(JOURNAL, second, after=other)
            for second in range(first + 1, SIZE_MAX + 1)
            for other in range(1, second)
            if JOURNAL.consistency(other, second) != JOURNAL.consistency(first, second)
        ]
        assert answers(ledger, others) == ["ConsistencyUnproven"] * len(others), f"from {first}"


def test_every_entry_is_proven_to_be_in_and_no_spoilt_proof_is_believed(ledger: LedgerOnChain) -> None:
    for size in range(1, SIZE_MAX + 1):
        ledger.post(PLACE, anchor_of(JOURNAL, size, after=size - 1))
        asked, expected = [], []
        for index in range(size):
            leaf, proof = JOURNAL.leaf(index), JOURNAL.inclusion(index, size)
            elsewhere = [*(i for i in range(size) if i != index), size, index + 2**32, 2**64 - 1]
            wrong = [(leaf, index, p) for p in spoilt(proof)] + [(leaf, i, proof) for i in elsewhere]
            wrong += [(flipped(leaf), index, proof), (bytes(32), index, proof)]
            asked += [inclusion(*question) for question in [(leaf, index, proof), *wrong]]
            expected += [YES, *[NO] * len(wrong)]
        assert answers(ledger, asked) == expected, f"in {size}"


def test_a_proof_that_goes_on_above_the_root_is_refused_even_where_a_wrong_size_invites_it(
    ledger: LedgerOnChain,
) -> None:
    """The tree of 4 is anchored as one of 3: then a proof with a node too many comes to the very roots it must."""
    four, pair = JOURNAL.root(0, 4), JOURNAL.root(0, 2)
    ledger.post(PLACE, calls.anchor(size=3, root=four, proof=[]))
    third, fourth, more = JOURNAL.leaf(2), JOURNAL.leaf(3), JOURNAL.leaf(4)
    assert answers(ledger, [inclusion(fourth, 2, [third, pair])]) == [NO]
    grown = node_of(pair, node_of(third, node_of(fourth, more)))
    above = calls.anchor(size=4, root=grown, proof=[fourth, more, third, pair])
    assert answers(ledger, [above]) == ["ConsistencyUnproven"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=st.tuples(sizes, sizes).filter(lambda pair: pair[0] != pair[1]), data=st.data())
def test_a_journal_of_any_size_grows_to_any_other_by_its_proof_alone(
    ledger: LedgerOnChain, pair: tuple[int, int], data: st.DataObject
) -> None:
    first, second = min(pair), max(pair)
    index = data.draw(st.integers(0, second - 1), label="index")
    edges = {place: place.to_bytes(32, "big") for place in (0, first - 1, first, second - 1, index)}
    journal = Leaves(edges)
    snapshot = ledger.chain.rpc.call("evm_snapshot")
    ledger.post(PLACE, anchor_of(journal, first, after=0))
    root, proof = journal.root(0, second), journal.consistency(first, second)
    bit, at = data.draw(st.integers(0, 255), label="bit"), data.draw(st.integers(0, len(proof) - 1), label="at")
    tampered = [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]]
    wrong = [tampered, proof[:-1], [*proof, SAME]]
    attempts = [calls.anchor(size=second, root=root, proof=p) for p in wrong]
    assert answers(ledger, attempts) == ["ConsistencyUnproven"] * 3
    ledger.post(PLACE, calls.anchor(size=second, root=root, proof=proof))
    path = journal.inclusion(index, second)
    questions = [inclusion(journal.leaf(index), index, p) for p in (path, path[:-1], [*path, SAME])]
    assert answers(ledger, questions) == [YES, NO if path else YES, NO]
    ledger.chain.rpc.call("evm_revert", snapshot)
