"""The audit of a node's logs by blooms and receipts."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abis import RawLog
from abis.hashing import keccak
from chain_indexer.blocks import Header
from chain_indexer.completeness import differing, may_hold, to_audit
from chain_indexer.logs import ChainPosition, Logs, PlacedLog
from tests.support.chain import ChainAtHand

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
ZERO = bytes(256)


def bloom_of(*items: str) -> bytes:
    """The filter as the Yellow Paper words it: bit 2047 is the first of the first byte."""
    bloom = bytearray(256)
    for item in items:
        digest = keccak(bytes.fromhex(item[2:]))
        for place in (0, 2, 4):
            bit = (digest[place] << 8 | digest[place + 1]) & 2047
            bloom[255 - bit // 8] |= 1 << bit % 8
    return bytes(bloom)


def block(bloom: bytes, txs: int = 1) -> Header:
    hashes = tuple(f"0x{n:064x}" for n in range(txs))
    return Header(
        number=1, hash="0x" + "01" * 32, parent_hash="0x" + "00" * 32, timestamp_s=0, tx_hashes=hashes, bloom=bloom
    )


def log(index: int, data: bytes = b"") -> PlacedLog:
    at = ChainPosition(
        block_number=1, tx_index=0, log_index=index, block_hash="0x" + "01" * 32, tx_hash="0x" + "aa" * 32
    )
    return PlacedLog(at, RawLog("0x" + "11" * 20, (), data))


@given(st.lists(addresses, min_size=1, max_size=30))
def test_a_bloom_never_rules_out_what_is_in_it(items: list[str]) -> None:
    bloom = bloom_of(*items)
    assert all(may_hold(bloom, item) for item in items)


@given(addresses, addresses)
def test_a_bloom_of_another_address_rules_this_one_out_unless_their_bits_meet(mine: str, other: str) -> None:
    meet = bloom_of(mine, other) == bloom_of(other)
    assert may_hold(bloom_of(other), mine) == meet


def test_a_bloom_of_a_real_chain_holds_the_contracts_that_logged(chain: ChainAtHand) -> None:
    for log in chain.rpc.call("eth_getLogs", {"fromBlock": "0x1", "toBlock": "latest"}):
        found = chain.rpc.call("eth_getBlockByNumber", log["blockNumber"], False)
        bloom = bytes.fromhex(found["logsBloom"][2:])
        assert may_hold(bloom, log["address"])
        assert not all(may_hold(bloom, a.lower()) for a in chain.generation.addresses.values())


@pytest.mark.parametrize("bloom", [b"", ZERO])
def test_a_bloom_that_says_nothing_rules_nothing_out(bloom: bytes) -> None:
    assert to_audit([block(bloom), block(bloom, txs=0)], ["0x" + "11" * 20]) == (block(bloom),)


def logs(*some: PlacedLog) -> Logs:
    return Logs.of(some)


def test_the_same_logs_by_both_roads_do_not_differ() -> None:
    assert differing(logs(log(0), log(1)), logs(log(1), log(0))) is None
    assert differing(Logs(), Logs()) is None


def test_what_only_one_road_has_is_named() -> None:
    assert "left out" in (differing(logs(log(0)), logs(log(0), log(1))) or "")
    assert "in no receipt" in (differing(logs(log(0), log(1)), logs(log(0))) or "")
    assert "another" in (differing(logs(log(0)), logs(msgspec.structs.replace(log(0), raw=log(0, b"x").raw))) or "")
