"""The contracts' page says what the ABIs, the sources and the gas table say, and leaves nothing out."""

from __future__ import annotations

import re

import pytest

from abis import logs, tables
from abis.artifacts import abi_of
from abis.calls import SIGNATURES, selector
from abis.errors import decode_revert
from abis.generation import CONTRACTS
from ops.places import ROOT

PAGE = ROOT / "ops" / "docs" / "contracts.md"
PAYERS = {"announceEmergency", "cancelEmergency", "setFeeWallet", "setBaseURI"}  # the admin's, once in a year


def rows(table: str) -> list[list[str]]:
    return [line.strip("| \n").split(" | ") for line in tables.TABLES[table]().splitlines()[2:]]


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    page = PAGE.read_text()
    assert page == tables.filled(page), "run: python3 -m abis.tables ops/docs/contracts.md"
    assert re.findall(r"<!-- table of (\w+) -->", page) == list(tables.TABLES)


def test_every_write_of_the_house_has_its_price() -> None:
    priced = {re.findall(r"`(\w+)`", row[0])[0] for row in rows("writes")}
    assert priced == {*SIGNATURES, "transferFrom"} - PAYERS


def test_a_block_holds_whole_calls_only() -> None:
    found = {row[0]: row for row in rows("writes")}
    gas = tables.gas()
    cost = gas["recordInvestments 20"]
    assert found["`recordInvestments` of 20"][1:] == [
        f"{cost:,}",
        f"{cost // 20:,}",
        f"{5_242_880 // cost * 20 // 2:,}",
        f"{30_000_000 // cost * 20 // 2:,}",
    ]
    assert found["`anchor`, proof of 20"][3] == f"{5_242_880 // gas['anchor, proof of 20'] * 1_000 // 2:,}"


@pytest.mark.parametrize(("kind", "table"), [("error", "errors"), ("event", "logs")])
def test_every_error_and_log_of_a_contract_is_explained(kind: str, table: str) -> None:
    declared = {item["name"] for contract in CONTRACTS for item in abi_of(contract) if item["type"] == kind}
    explained = {row[0].strip("`").partition("(")[0]: row[-1] for row in rows(table)}
    assert explained.keys() == declared
    assert all(text.endswith(".") and len(text) > 10 for text in explained.values())


def test_a_revert_is_decoded_as_its_row_says() -> None:
    for signature, of, _, _ in rows("errors"):
        name, _, rest = signature.strip("`").partition("(")
        assert of == f"`0x{selector(signature.strip('`')).hex()}`"
        words = rest.rstrip(")").count(",") + 1 if rest != ")" else 0
        assert decode_revert(bytes.fromhex(of[3:-1]) + bytes(32 * words)).code == name


def test_a_log_is_read_as_its_row_says() -> None:
    kinds = {declaration: kind for kind, declaration in logs.DECLARATIONS.items()}
    for declaration, signature, _, reading, _ in rows("logs"):
        kind = kinds.get(declaration.strip("`"))
        fields = [] if kind is None else re.findall(r"`(\w+)`", reading)
        assert fields == ([] if kind is None else list(kind.__struct_fields__))
        known = [name for topic, name in logs.SIGNATURES.items() if topic.hex().startswith(signature[3:11])]
        assert known == ([] if kind is None else [kind.__name__])


def test_the_designs_rates_follow_from_the_gas_table() -> None:
    gas = tables.gas()
    ours = {row[1]: row[2:] for row in rows("designs")}
    member = (gas["recordInvestments 20"] - gas["recordInvestments 1"]) // 19
    fitting = (5_242_880 - gas["recordInvestments 1"]) // member + 1
    assert ours["`recordInvestments`"] == [f"{5_242_880 // gas['recordInvestments 1'] // 2}", f"{fitting // 2}"]
