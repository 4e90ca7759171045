"""Deploying on services of one's own: by the deployer's keystore, for the lanes' accounts, and not without both."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from abis.calls import selector
from abis.generation import Generation
from ops.contracts import base_uri_of, check
from ops.foundation import Foundation
from ops.settings import Settings, SettingsInvalid, load
from tests.support.chain import ChainAtHand

PASSPHRASE = "correct horse"
DEPLOYER, LANE = Account.from_key("0x" + "d1" * 32), Account.from_key("0x" + "d2" * 32)
PUBLIC_URL = "https://ledger.example"


@pytest.fixture
def mining(chain: ChainAtHand) -> Iterator[ChainAtHand]:
    """The chain, mining every transaction at once."""
    chain.rpc.call("evm_setAutomine", True)
    yield chain
    chain.rpc.call("evm_setAutomine", False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, account in (("deployer", DEPLOYER), ("lane-0", LANE)):
        (tmp_path / f"{name}.json").write_text(
            json.dumps(Account.encrypt(account.key, PASSPHRASE, kdf="pbkdf2", iterations=2))
        )
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    return tmp_path


def settings(folder: Path, url: str, **changes: str | None) -> Settings:
    given: dict[str, str | None] = {
        "POLYGON_EDGE_RPC_URL": url,
        "TANDEM_GENERATION_FILE": str(folder / "chain" / "generation.json"),
        "TANDEM_DEPLOYER_KEYSTORE_FILE": str(folder / "deployer.json"),
        "TANDEM_KEYSTORE_FOLDER": str(folder),
        "TANDEM_KEYSTORE_PASSPHRASE_FILE": str(folder / "passphrase"),
        "TANDEM_PUBLIC_URL": PUBLIC_URL,
    }
    return load({name: value for name, value in (given | changes).items() if value is not None})


def test_the_deployer_s_keystore_deploys_for_the_lanes_and_its_account_is_the_admin(
    mining: ChainAtHand, folder: Path
) -> None:
    foundation = Foundation(settings(folder, mining.url))

    generation = foundation.deploy()

    assert check(mining.rpc, generation, signers=[LANE.address]) == []
    assert base_uri_of(mining.rpc, generation) == f"{PUBLIC_URL}/v1/certificates/"
    for contract in generation.addresses.keys() - {"CampaignImplementation"}:
        answer = mining.rpc.read(generation.addresses[contract], selector("defaultAdmin()"))
        assert answer[-20:].hex() == DEPLOYER.address[2:].lower()
    assert Generation.load(folder / "chain" / "generation.json") == generation
    assert foundation.deploy() == generation, "what stands is not deployed again"
    assert foundation.differences() == []


def test_a_remote_signer_s_accounts_are_let_write(mining: ChainAtHand, folder: Path) -> None:
    remote = {
        "TANDEM_KEYSTORE_FOLDER": None,
        "TANDEM_SIGNER_URL": "http://127.0.0.1:9",
        "TANDEM_SIGNER_ADDRESSES": LANE.address,
    }
    generation = Foundation(settings(folder, mining.url, **remote)).deploy()
    assert check(mining.rpc, generation, signers=[LANE.address]) == []


def test_a_lane_that_may_not_write_is_told(mining: ChainAtHand, folder: Path) -> None:
    foundation = Foundation(settings(folder, mining.url))
    foundation.deploy()
    stranger = Account.create()
    (folder / "lane-0.json").write_text(json.dumps({"address": stranger.address[2:].lower()}))
    assert f"IssuerRegistry: {stranger.address} lacks REGISTRAR_ROLE" in foundation.differences()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TANDEM_DEPLOYER_KEYSTORE_FILE": None}, "TANDEM_DEPLOYER_KEYSTORE_FILE"),
        ({"TANDEM_DEPLOYER_KEYSTORE_FILE": "/nowhere/deployer.json"}, "/nowhere/deployer.json cannot be read"),
        ({"TANDEM_KEYSTORE_FOLDER": None, "TANDEM_KEYSTORE_PASSPHRASE_FILE": None}, "TANDEM_KEYSTORE_FOLDER"),
        ({"TANDEM_LANES": "2"}, "lane-1.json cannot be read"),
        ({"TANDEM_PUBLIC_URL": None}, "TANDEM_PUBLIC_URL"),
        ({"POLYGON_EDGE_RPC_URL": None}, "POLYGON_EDGE_RPC_URL"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_a_deployment_lacks_is_named_before_anything_is_sent(
    chain: ChainAtHand, folder: Path, changes: dict[str, Any], said: str
) -> None:
    before = chain.rpc.number("eth_blockNumber")
    with pytest.raises(SettingsInvalid, match=said):
        Foundation(settings(folder, chain.url, **changes)).deploy()
    assert chain.rpc.number("eth_blockNumber") == before
    assert not (folder / "chain" / "deployment.json").exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"address": 5}', '{"address": "12"}', "\xff"])
def test_a_lane_s_file_without_an_address_is_named(chain: ChainAtHand, folder: Path, content: str) -> None:
    (folder / "lane-0.json").write_text(content)
    with pytest.raises(SettingsInvalid, match=r"lane-0\.json names no address"):
        Foundation(settings(folder, chain.url)).deploy()


@pytest.mark.parametrize("wrong", ["passphrase", "deployer.json"])
def test_what_does_not_open_is_named_and_never_shown(chain: ChainAtHand, folder: Path, wrong: str) -> None:
    (folder / wrong).write_text("another secret")
    with pytest.raises(SettingsInvalid, match=r"deployer\.json is not a keystore") as caught:
        Foundation(settings(folder, chain.url)).deploy()
    assert "secret" not in str(caught.value)


def test_a_passphrase_is_asked_for_at_a_terminal_only(
    chain: ChainAtHand, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSPHRASE))
    with pytest.raises(SettingsInvalid, match="deploy from a terminal"):
        Foundation(settings(folder, chain.url, TANDEM_KEYSTORE_PASSPHRASE_FILE=None)).deploy()
