"""Logs by the row: what is cut out of rows is what went into them, in the order of the chain."""

from __future__ import annotations

import msgspec

from abis import RawLog
from chain_indexer.logs import ChainPosition, Logs, PlacedLog, joined, signed

ONE, OTHER = "0x" + "11" * 20, "0x" + "22" * 20


def hash_of(number: int, fork: int = 0) -> str:
    return f"0x{fork:032x}{number:032x}"


def log(number: int, index: int, *, fork: int = 0, by: str = ONE, data: bytes = b"") -> PlacedLog:
    at = ChainPosition(
        block_number=number, tx_index=0, log_index=index, block_hash=hash_of(number, fork), tx_hash="0x" + "aa" * 32
    )
    return PlacedLog(at, RawLog(by, (bytes([index]) * 32,), data))


BLOCKS = [(number, hash_of(number)) for number in range(3, 6)]
GOOD = [log(number, index) for number, _ in BLOCKS for index in range(2)]


def test_logs_stand_in_the_order_of_the_chain_whatever_order_they_came_in() -> None:
    logs = Logs.of(reversed(GOOD))
    assert list(logs) == GOOD
    assert logs == Logs.of(GOOD)
    assert logs != Logs.of(GOOD[1:])
    assert (len(logs), logs[2], list(logs[2:4])) == (6, GOOD[2], GOOD[2:4])
    assert list(joined([logs[3:], logs[:3]])) == GOOD


def test_a_log_outside_its_blocks_or_given_twice_is_found() -> None:
    assert Logs.of(GOOD).misplaced(BLOCKS) is None
    assert Logs().misplaced(BLOCKS) is None
    for wrong in (log(6, 0), log(4, 0, fork=1), GOOD[0]):
        assert Logs.of([*GOOD, wrong]).misplaced(BLOCKS) == wrong


def test_another_log_at_the_same_place_is_one_too_many() -> None:
    found = Logs.of([*GOOD, log(4, 1, data=b"other")]).misplaced(BLOCKS)
    assert found is not None
    assert found.at == log(4, 1).at


def test_a_log_whose_name_is_taken_is_one_too_many_wherever_it_stands() -> None:
    moved = msgspec.structs.replace(GOOD[0], at=msgspec.structs.replace(GOOD[0].at, tx_index=7))
    assert Logs.of([*GOOD, moved]).misplaced(BLOCKS) == moved


def test_logs_are_chosen_by_who_emitted_them_and_by_their_block() -> None:
    mixed = Logs.of([log(3, 0), log(3, 1, by=OTHER), log(4, 0)])
    assert [one.at.block_number for one in mixed.emitted_by([ONE])] == [3, 4]
    assert list(mixed.emitted_by([OTHER])) == [log(3, 1, by=OTHER)]
    assert mixed.emitted_by([ONE, OTHER]) is mixed
    assert len(mixed.emitted_by([])) == 0
    assert list(mixed.standing_in([hash_of(4)])) == [log(4, 0)]


def test_a_log_is_told_by_how_many_topics_it_has_and_the_first_of_them() -> None:
    first, second = bytes(32), b"\1" * 32
    anonymous = PlacedLog(log(3, 0).at, RawLog(ONE, (), first))
    two = PlacedLog(log(3, 1).at, RawLog(ONE, (first, second), b""))
    said = Logs.of([anonymous, two, log(4, 0)]).signed()
    assert said[1:] == [signed(first, 2), signed(first, 1)]
    assert said[0] not in {signed(first, topics) for topics in range(1, 5)}


def test_only_logs_in_their_order_have_the_words_that_they_came_in() -> None:
    rows = Logs.of(GOOD).rows
    assert Logs(rows, b"[...]").text == b"[...]"
    assert Logs(list(reversed(rows)), b"[...]").text == b""
