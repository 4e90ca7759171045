"""The journal's anchor: what it takes over, what it keeps, what it says, and every history that it refuses."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode as decode_values

from abis import calls
from abis.calls import selector
from abis.generation import identity
from abis.logs import AlreadyAnchored, Anchored
from domain.journal.sealing import EMPTY_ROOT
from tests.unit.abis.anchoring import NO, PLACE, anchor_of, anchored, answers, entries, flipped, inclusion
from tests.unit.abis.ledger import LedgerOnChain
from tests.unit.abis.rfc6962 import Leaves

JOURNAL = Leaves.of(entries(40))
STRANGER = "0x" + "5e" * 32


def root(size: int) -> bytes:
    return JOURNAL.root(0, size)


def last(ledger: LedgerOnChain) -> tuple[int, int, bytes]:
    """The size, the time and the root that the contract keeps."""
    answer = ledger.chain.rpc.read(ledger.addresses[PLACE], selector("last()"))
    size, time, kept = decode_values(["uint64", "uint64", "bytes32"], answer)
    return size, time, kept


def now(ledger: LedgerOnChain) -> int:
    return int(ledger.chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


def generation_of(ledger: LedgerOnChain) -> bytes:
    generation = ledger.chain.generation
    return identity(
        chain_id=generation.chain_id,
        genesis_hash=generation.genesis_hash,
        factory=generation.addresses["CampaignFactory"],
    )


def test_nothing_is_anchored_at_first(ledger: LedgerOnChain) -> None:
    assert last(ledger) == (0, 0, bytes(32))
    assert answers(ledger, [inclusion(JOURNAL.leaf(0), 0, []), inclusion(bytes(32), 0, [])]) == [NO, NO]


def test_an_anchor_belongs_to_its_generation(ledger: LedgerOnChain) -> None:
    assert ledger.ask(PLACE, "generation()") == int.from_bytes(generation_of(ledger), "big")


def test_the_identity_of_a_generation_is_of_its_chain_and_its_factory() -> None:
    one = {"chain_id": 100, "genesis_hash": "0x" + "11" * 32, "factory": "0x" + "22" * 20}
    others = [{**one, "chain_id": 101}, {**one, "genesis_hash": "0x" + "12" * 32}, {**one, "factory": "0x" + "23" * 20}]
    identities = {identity(**fields) for fields in (one, *others)}  # type: ignore[arg-type]
    assert len(identities) == 4
    assert {len(name) for name in identities} == {32}


def test_the_first_anchor_takes_the_journal_as_it_is(ledger: LedgerOnChain) -> None:
    assert anchored(ledger, JOURNAL, 7) == [
        Anchored(size=7, root=root(7), previous_size=0, generation=generation_of(ledger))
    ]
    assert last(ledger) == (7, now(ledger), root(7))


def test_the_next_anchor_takes_over_a_journal_that_has_grown(ledger: LedgerOnChain) -> None:
    _, grown, again = anchored(ledger, JOURNAL, 7, 8, 40)
    assert grown == Anchored(size=8, root=root(8), previous_size=7, generation=generation_of(ledger))
    assert again == Anchored(size=40, root=root(40), previous_size=8, generation=generation_of(ledger))
    assert last(ledger) == (40, now(ledger), root(40))


@pytest.mark.parametrize("proof", [[], JOURNAL.consistency(5, 12), [bytes(32)]], ids=["none", "its-own", "any"])
def test_the_same_anchor_again_is_told_and_changes_nothing(ledger: LedgerOnChain, proof: list[bytes]) -> None:
    anchored(ledger, JOURNAL, 5, 12)
    before = last(ledger)
    again = calls.anchor(size=12, root=root(12), proof=proof)
    assert ledger.post(PLACE, again) == [AlreadyAnchored(size=12, root=root(12))]
    assert last(ledger) == before


def test_an_empty_journal_is_not_anchored(ledger: LedgerOnChain) -> None:
    empty = calls.anchor(size=0, root=EMPTY_ROOT, proof=[])
    assert ledger.refused(PLACE, empty).text == "AnchorEmpty()"
    anchored(ledger, JOURNAL, 7)
    assert ledger.refused(PLACE, empty).text == "AnchorEmpty()"


@pytest.mark.parametrize("size", [1, 6])
def test_a_smaller_journal_is_refused_even_one_that_was_anchored(ledger: LedgerOnChain, size: int) -> None:
    anchored(ledger, JOURNAL, 6, 7)
    smaller = calls.anchor(size=size, root=root(size), proof=[])
    assert ledger.refused(PLACE, smaller).text == f"AnchorBehind(7, {size})"


def test_another_root_for_the_same_size_is_refused(ledger: LedgerOnChain) -> None:
    anchored(ledger, JOURNAL, 7)
    given = flipped(root(7))
    refusal = ledger.refused(PLACE, calls.anchor(size=7, root=given, proof=[]))
    assert refusal.text == f"AnchorContradicts(7, 0x{root(7).hex()}, 0x{given.hex()})"


def test_a_first_anchor_with_a_proof_is_refused(ledger: LedgerOnChain) -> None:
    """Its sender believes that something was anchored before: this is not the contract that was meant."""
    refusal = ledger.refused(PLACE, anchor_of(JOURNAL, 8, after=7))
    assert refusal.text == f"ConsistencyUnproven(8, 0x{root(8).hex()})"


def test_a_next_anchor_without_a_proof_is_refused(ledger: LedgerOnChain) -> None:
    anchored(ledger, JOURNAL, 7)
    refusal = ledger.refused(PLACE, calls.anchor(size=8, root=root(8), proof=[]))
    assert refusal.text == f"ConsistencyUnproven(8, 0x{root(8).hex()})"


@pytest.mark.parametrize("rewritten", range(1, 20))
def test_a_journal_with_any_anchored_entry_rewritten_is_refused(ledger: LedgerOnChain, rewritten: int) -> None:
    """The proof is the best that the forger can make: the true one of the rewritten journal."""
    anchored(ledger, JOURNAL, 19)
    forged = Leaves.of(entries(40, rewritten=rewritten))
    attempts = [anchor_of(forged, size, after=19) for size in range(20, 41)]
    assert answers(ledger, attempts) == ["ConsistencyUnproven"] * 21


def test_a_journal_with_an_entry_after_the_anchored_ones_rewritten_passes(ledger: LedgerOnChain) -> None:
    """Nobody was promised anything about it yet."""
    anchored(ledger, JOURNAL, 19)
    forged = Leaves.of(entries(40, rewritten=20))
    assert answers(ledger, [anchor_of(forged, size, after=19) for size in range(20, 41)]) == [b""] * 21


@pytest.mark.parametrize("place", range(0, 19, 3))
def test_a_journal_with_an_entry_dropped_put_in_or_exchanged_is_refused(ledger: LedgerOnChain, place: int) -> None:
    anchored(ledger, JOURNAL, 19)
    true = entries(40)
    dropped = [*true[:place], *true[place + 1 :]]
    put_in = [*true[:place], bytes(32), *true[place:]]
    exchanged = [*true[:place], true[place + 1], true[place], *true[place + 2 :]]
    for forged in map(Leaves.of, (dropped, put_in, exchanged)):
        attempts = [anchor_of(forged, size, after=19) for size in range(20, 39)]
        assert answers(ledger, attempts) == ["ConsistencyUnproven"] * 19


def test_nobody_without_the_role_anchors_and_the_admin_has_not_got_it(ledger: LedgerOnChain) -> None:
    first = anchor_of(JOURNAL, 7, after=0)
    for key in (STRANGER, ledger.chain.deployer_key):
        assert ledger.refused(PLACE, first, key=key).code == "AccessControlUnauthorizedAccount"


def test_a_wrong_size_passes_only_where_its_proof_has_the_shape_of_the_true_one(ledger: LedgerOnChain) -> None:
    """What the proof binds is the root. A tree of 7 is, to a proof from 4, like one of 5, 6 or 8."""
    anchored(ledger, JOURNAL, 4)
    proof = JOURNAL.consistency(4, 7)
    claims = [calls.anchor(size=size, root=root(7), proof=proof) for size in (5, 6, 7, 8, 9, 16)]
    assert answers(ledger, claims) == [b"", b"", b"", b"", "ConsistencyUnproven", "ConsistencyUnproven"]
