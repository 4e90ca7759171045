"""The chain generation: written whole, read with every doubt named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from abis import Generation, GenerationInvalid
from abis.generation import CONTRACTS
from abis.hashing import checksummed

GENERATION = Generation(
    chain_id=100,
    genesis_hash="0x" + "11" * 32,
    addresses={name: checksummed(f"{number:040x}") for number, name in enumerate(CONTRACTS, start=1)},
    code_hashes={name: "0x" + f"{number:064x}" for number, name in enumerate(CONTRACTS, start=1)},
    start_block=7,
)


def test_a_saved_generation_is_loaded_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "generation.json"
    GENERATION.save(path)
    assert Generation.load(path) == GENERATION
    assert [file.name for file in tmp_path.iterdir()] == ["generation.json"]


def test_saving_replaces_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "generation.json"
    path.write_text("x" * 10_000)
    GENERATION.save(path)
    assert Generation.load(path) == GENERATION


def _without(part: str, name: str) -> dict[str, Any]:
    kept: dict[str, Any] = msgspec.to_builtins(GENERATION)
    del kept[part][name]
    return kept


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a chain generation"),
        (b"not json", "is not a chain generation"),
        (b"\xff\xfe", "is not a chain generation"),
        (b"{}", "missing required field"),
        (msgspec.json.encode({**msgspec.to_builtins(GENERATION), "chain_id": "100"}), "chain_id"),
        (msgspec.json.encode({**msgspec.to_builtins(GENERATION), "note": 1}), "unknown field"),
        (msgspec.json.encode(_without("addresses", "FundEscrow")), "lacks FundEscrow"),
        (msgspec.json.encode(_without("code_hashes", "IssuerRegistry")), "lacks IssuerRegistry"),
    ],
)
def test_a_file_that_is_no_generation_is_refused_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "generation.json"
    path.write_bytes(content)
    with pytest.raises(GenerationInvalid, match=said) as caught:
        Generation.load(path)
    assert str(path) in str(caught.value)


def test_one_address_for_two_contracts_is_refused_however_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "generation.json"
    address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    doubled = {**GENERATION.addresses, "FundEscrow": address, "CampaignFactory": address.lower()}
    msgspec.structs.replace(GENERATION, addresses=doubled).save(path)
    with pytest.raises(GenerationInvalid, match="one address to two contracts"):
        Generation.load(path)


def test_a_missing_file_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(GenerationInvalid, match=r"nowhere\.json cannot be read"):
        Generation.load(tmp_path / "nowhere.json")


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "generation.json"
    for wrong in ({"addresses": {**GENERATION.addresses, "FundEscrow": "0x12"}}, {"start_block": -1}):
        msgspec.structs.replace(GENERATION, **wrong).save(path)
        with pytest.raises(GenerationInvalid):
            Generation.load(path)
