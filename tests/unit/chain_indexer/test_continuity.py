"""Reconciling the local chain with a node's: the five cases, and what holds for any two chains."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_indexer.blocks import Checkpoint, Header
from chain_indexer.continuity import (
    Extend,
    LocalChain,
    Stop,
    Unwind,
    Wait,
    disagreeing,
    first_break,
    reconcile,
)
from chain_indexer.ranges import RangeSize, touches_head


def child(parent: Header, fork: str = "") -> Header:
    name = sha256(f"{parent.hash}{fork}".encode()).hexdigest()
    return Header(number=parent.number + 1, hash=f"0x{name}", parent_hash=parent.hash, timestamp_s=0)


def grown(start: Header, blocks: int, fork: str = "") -> tuple[Header, ...]:
    """So many blocks after one, on a fork of this name."""
    headers = [start]
    for _ in range(blocks):
        headers.append(child(headers[-1], fork))
    return tuple(headers[1:])


GENESIS = Header(number=0, hash="0x" + "00" * 32, parent_hash="0x" + "00" * 32, timestamp_s=0)
CHAIN = (GENESIS, *grown(GENESIS, 20))


def said(chain: tuple[Header, ...], local: LocalChain) -> dict[int, Header]:
    """What a node with this chain says at the local chain's numbers."""
    return {h.number: h for h in chain if local.checkpoint.number <= h.number <= local.tip.number}


def local_chain(chain: tuple[Header, ...], checkpoint: int, tip: int) -> LocalChain:
    return LocalChain(Checkpoint(chain[checkpoint])).extended(chain[checkpoint + 1 : tip + 1])


LOCAL = local_chain(CHAIN, 10, 14)


def test_a_head_below_the_checkpoint_is_waited_for() -> None:
    chain = CHAIN[:8]
    assert reconcile(LOCAL, head=chain[-1], theirs=said(chain, LOCAL)) == Wait(3)


def test_another_block_at_the_checkpoint_stops_the_line() -> None:
    chain = CHAIN[:9] + grown(CHAIN[8], 6, "fork")
    assert reconcile(LOCAL, head=chain[-1], theirs=said(chain, LOCAL)) == Stop(CHAIN[10], chain[10])


@pytest.mark.parametrize("head", [14, 15, 20])
def test_a_node_that_has_our_tip_is_extended_from(head: int) -> None:
    chain = CHAIN[: head + 1]
    assert reconcile(LOCAL, head=chain[-1], theirs=said(chain, LOCAL)) == Extend()
    assert reconcile(LOCAL, head=chain[-1], theirs={10: CHAIN[10], 14: CHAIN[14]}) == Extend()


@pytest.mark.parametrize("head", [10, 11, 13])
def test_a_node_that_lacks_only_our_newest_blocks_is_waited_for(head: int) -> None:
    chain = CHAIN[: head + 1]
    assert reconcile(LOCAL, head=chain[-1], theirs=said(chain, LOCAL)) == Wait(14 - head)


@pytest.mark.parametrize(("shared", "head"), [(10, 11), (10, 20), (12, 13), (12, 14), (13, 14), (13, 30)])
def test_other_blocks_above_the_checkpoint_unwind_to_the_last_shared_one(shared: int, head: int) -> None:
    chain = CHAIN[: shared + 1] + grown(CHAIN[shared], head - shared, "fork")
    expected = Unwind(CHAIN[shared], CHAIN[shared + 1 : 15])
    assert reconcile(LOCAL, head=chain[-1], theirs=said(chain, LOCAL)) == expected


@st.composite
def lives(draw: st.DrawFn) -> tuple[tuple[Header, ...], list[tuple[Header, ...]]]:
    """A chain, and what it becomes step by step: it grows, loses its newest blocks, or forks."""
    chain = (GENESIS, *grown(GENESIS, draw(st.integers(0, 12))))
    begun, later = chain, []
    for step in range(draw(st.integers(1, 12))):
        lost, added = draw(st.integers(0, 5)), draw(st.integers(0, 6))
        kept = chain[: max(1, len(chain) - lost)]
        chain = kept + grown(kept[-1], added, f"step {step}" if lost else "")
        later.append(chain)
    return begun, later


@given(lives(), st.integers(0, 6), st.integers(1, 8))
def test_whatever_a_chain_does_only_its_own_final_blocks_are_believed(
    life: tuple[tuple[Header, ...], list[tuple[Header, ...]]], depth: int, size: int
) -> None:
    """The loop on nothing but values. What was once believed is on the node's chain for ever, or the line stops."""
    begun, later = life
    local, believed = LocalChain(Checkpoint(GENESIS)), [GENESIS]
    for chain in (begun, *later):
        head = chain[-1]
        decision = reconcile(local, head=head, theirs=said(chain, local))
        match decision:
            case Stop(ours=ours, theirs=theirs):
                assert (ours, theirs) == (local.checkpoint.header, chain[ours.number])
                assert ours != theirs
                return
            case Wait(behind=behind):
                assert (
                    behind
                    == (local.tip if head.number >= local.checkpoint.number else believed[-1]).number - head.number
                )
                assert local.at(head.number) == head if head.number >= local.checkpoint.number else True
            case Unwind(to=ancestor, lost=lost):
                assert ancestor == chain[ancestor.number] == local.at(ancestor.number)
                assert lost
                assert lost[0].number >= len(chain) or lost[0] != chain[lost[0].number]
                local = local.unwound(ancestor)
            case Extend():
                assert local.tip == chain[local.tip.number]
        checkpoint, size_ = local.checkpoint.number, RangeSize(size)
        near = touches_head(checkpoint=checkpoint, head=head.number, size=size_, finality_depth=depth)
        if near and not isinstance(decision, Wait):
            local = local.extended(chain[local.tip.number + 1 : head.number + 1])
            assert local.tip == chain[local.tip.number]
        final = min(head.number - depth, checkpoint + size)
        if final > checkpoint:
            fed = chain[checkpoint + 1 : final + 1]
            assert disagreeing(local, fed) is None
            local = local.extended([header for header in fed if header.number > local.tip.number])
            assert all(chain[h.number] == h and h.number <= head.number - depth for h in fed)
            believed.extend(fed)
            local = local.advanced(final)
        assert first_break(GENESIS, believed[1:]) is None
        assert believed[-1] == local.checkpoint.header
        assert first_break(local.checkpoint.header, local.above) is None


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 12))
def test_where_two_chains_part_is_found_exactly(checkpoint: int, tip: int, shared: int, theirs: int) -> None:
    checkpoint, tip = sorted((checkpoint, tip))
    local = local_chain(CHAIN, checkpoint, tip)
    chain = CHAIN[: shared + 1] + grown(CHAIN[shared], theirs, "fork")
    decision = reconcile(local, head=chain[-1], theirs=said(chain, local))
    head = chain[-1].number
    if head < checkpoint:
        assert decision == Wait(checkpoint - head)
    elif shared < checkpoint:
        assert isinstance(decision, Stop)
    elif shared >= tip:
        assert decision == Extend()
    elif theirs == 0:
        assert decision == Wait(tip - shared)
    else:
        assert decision == Unwind(CHAIN[shared], CHAIN[shared + 1 : tip + 1])


def test_a_break_in_a_chain_is_found_where_it_is() -> None:
    stranger = child(CHAIN[4], "fork")
    assert first_break(CHAIN[2], CHAIN[3:6]) is None
    assert first_break(CHAIN[2], (CHAIN[3], CHAIN[4], CHAIN[6])) == CHAIN[6]
    assert first_break(CHAIN[2], (CHAIN[3], CHAIN[4], stranger, child(stranger))) is None
    assert first_break(CHAIN[5], (child(stranger),)) == child(stranger)


def test_a_chain_is_extended_by_its_children_only() -> None:
    with pytest.raises(AssertionError):
        LOCAL.extended(grown(CHAIN[13], 1, "fork"))
