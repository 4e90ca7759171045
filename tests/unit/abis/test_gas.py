"""The gas table says what the calls cost, to the unit, and an anchor stays as cheap as was meant."""

from __future__ import annotations

import pytest

from chain_writer.batches import GAS_PER_TX_MAX, members_max
from chain_writer.intents import Kind
from tests.support.chain import ChainAtHand
from tests.unit.abis.gas import PROOFS, TABLE, measured, read
from tests.unit.abis.rfc6962 import Leaves


def test_the_committed_gas_table_is_what_the_calls_cost(chain: ChainAtHand) -> None:
    costs = measured(chain)
    table = read()
    assert costs == table, f"{TABLE.name} is stale: run python -m tests.unit.abis.gas, and look at what has changed"


def test_the_proofs_of_the_table_have_the_lengths_that_it_names() -> None:
    lengths = [len(Leaves({}).consistency(first, second)) for first, second in PROOFS.values()]
    assert lengths == [1, 10, 20, 16]


@pytest.mark.parametrize(
    ("kind", "one", "twenty"),
    [
        (Kind.RECORD_INVESTMENT, "recordInvestments 1, coin", "recordInvestments 20, coin"),
        (Kind.RECORD_REFUND, "recordRefunds 1, coin, the first", "recordRefunds 20, coin"),
        (Kind.RECORD_REFUND, "recordRefunds 1, open", "recordRefunds 20, open"),
    ],
)
def test_a_full_batch_of_any_asset_fits_one_tx(kind: Kind, one: str, twenty: str) -> None:
    table = read()
    member = (table[twenty] - table[one]) // 19 + 1
    assert table[one] + member * members_max(kind) < GAS_PER_TX_MAX


def test_batching_saves_gas_and_an_anchor_costs_no_more_than_a_few_records() -> None:
    table = read()
    for call in ("recordInvestments", "issueCertificates"):
        assert table[f"{call} 20"] < 20 * table[f"{call} 1"]
    assert table["anchor, proof of 1"] < table["anchor, proof of 10"] < table["anchor, proof of 20"] < 90_000
    assert table["anchor, the first"] < 75_000
