"""Compiling to the committed bytes, deploying in steps that may be taken again, and checking what stands on a chain."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_account import Account

from abis import Generation
from abis.artifacts import artifact
from abis.calls import selector
from abis.generation import CONTRACTS
from abis.hashing import keccak
from ops import contracts
from ops.contracts import ABIS, ROLES, ContractsInvalid, check, compile_contracts, deploy
from ops.rpc import Rpc, RpcRefused
from tests.support.chain import BASE_URI, ChainAtHand


@pytest.mark.slow
def test_the_committed_artifacts_are_what_the_sources_compile_to() -> None:
    assert shutil.which("npm"), (
        "npm is not on the path: install Node, or the committed artifacts cannot be compared with their sources"
    )
    compiled = compile_contracts()
    assert {name for name in compiled if name.startswith("artifacts/")} == {f"artifacts/{n}.json" for n in CONTRACTS}
    for name, content in compiled.items():
        assert content == (ABIS / name).read_bytes(), f"abis/{name} is stale: run python3 -m ops contracts compile"


def test_compiling_without_npm_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ContractsInvalid, match="needs node and npm"):
        compile_contracts()


def test_the_contracts_are_compiled_for_a_chain_without_later_opcodes() -> None:
    manifest = msgspec.json.decode((ABIS / "manifest.json").read_bytes())
    assert manifest["settings"]["evmVersion"] == "istanbul"
    for name in CONTRACTS:
        assert 0x5F not in _opcodes(bytes.fromhex(artifact(name)["deployed_bytecode"])), f"{name} pushes by PUSH0"


def _opcodes(code: bytes) -> set[int]:
    """The instructions of a contract, what they push left out. The code has no metadata behind it."""
    found, at = set(), 0
    while at < len(code):
        found.add(code[at])
        at += 1 + (code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0)
    return found


# Deploying.


class Dying:
    """A node that is lost after so many transactions, or before the answer to one is heard."""

    def __init__(self, rpc: Rpc, *, after: int, heard: bool) -> None:
        self._rpc = rpc
        self._left = after
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rpc, name)

    def call(self, method: str, *params: Any) -> Any:
        if method == "eth_sendRawTransaction":
            self._left -= 1
            if self._left < 0:
                if self._heard:
                    self._rpc.call(method, *params)
                raise ConnectionError
        return self._rpc.call(method, *params)


@pytest.fixture
def mining(chain: ChainAtHand) -> Iterator[ChainAtHand]:
    """The chain, mining every transaction at once."""
    chain.rpc.call("evm_setAutomine", True)
    yield chain
    chain.rpc.call("evm_setAutomine", False)


def _deploy(rpc: Any, *, key: str, signer: str, plan: Path) -> Generation:
    said: dict[str, Any] = {"deployer_key": key, "signers": [signer], "base_uri": BASE_URI, "plan": plan}
    return deploy(rpc, gas_price_wei=0, wait=lambda: None, **said)


STEPS = len(CONTRACTS) + 1 + len(ROLES)  # the one: the escrow's own role


@pytest.mark.parametrize("heard", [False, True], ids=["unsent", "unheard"])
@pytest.mark.parametrize("after", range(0, STEPS, 2))
def test_a_deployment_that_dies_is_finished_by_the_next_with_nothing_deployed_twice(
    mining: ChainAtHand, tmp_path: Path, after: int, *, heard: bool
) -> None:
    key, signer = "0x" + secrets.token_hex(32), Account.create().address
    dying = Dying(mining.rpc, after=after, heard=heard)
    with pytest.raises(ConnectionError):
        _deploy(dying, key=key, signer=signer, plan=tmp_path / "plan.json")
    generation = _deploy(mining.rpc, key=key, signer=signer, plan=tmp_path / "plan.json")
    assert check(mining.rpc, generation, signers=[signer]) == []
    assert mining.rpc.number("eth_getTransactionCount", Account.from_key(key).address, "latest") == STEPS
    assert _deploy(mining.rpc, key=key, signer=signer, plan=tmp_path / "plan.json") == generation


def test_a_deployment_that_died_waiting_for_a_block_goes_on_with_the_very_same_transaction(
    chain: ChainAtHand, tmp_path: Path
) -> None:
    key, signer = "0x" + secrets.token_hex(32), Account.create().address

    def die() -> None:
        raise ConnectionError

    def attempt(wait: Any) -> Generation:
        plan = tmp_path / "plan.json"
        said: dict[str, Any] = {"deployer_key": key, "signers": [signer], "base_uri": BASE_URI, "plan": plan}
        return deploy(chain.rpc, gas_price_wei=0, wait=wait, **said)

    with pytest.raises(ConnectionError):
        attempt(die)
    generation = attempt(chain.mine)
    assert check(chain.rpc, generation, signers=[signer]) == []


def test_a_transaction_that_the_node_will_not_take_is_not_waited_for(chain: ChainAtHand, tmp_path: Path) -> None:
    class Refusing(Dying):
        def call(self, method: str, *params: Any) -> Any:
            if method == "eth_sendRawTransaction":
                raise RpcRefused(method, {"message": "insufficient funds"})
            return super().call(method, *params)

    refusing = Refusing(chain.rpc, after=0, heard=False)
    with pytest.raises(RpcRefused, match="insufficient funds"):
        _deploy(refusing, key="0x" + secrets.token_hex(32), signer=chain.signer, plan=tmp_path / "plan.json")


# Checking.


def test_a_generation_is_what_stands_on_its_chain(chain: ChainAtHand) -> None:
    assert check(chain.rpc, chain.generation, signers=[chain.signer]) == []
    assert chain.rpc.code(chain.generation.addresses["FundEscrow"])
    block = hex(chain.generation.start_block)
    assert chain.rpc.call("eth_getCode", chain.generation.addresses["IssuerRegistry"], block) == "0x"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"chain_id": 137}, "speaks for chain 100, the generation is of chain 137"),
        ({"genesis_hash": "0x" + "00" * 32}, "another chain"),
    ],
)
def test_another_chain_is_told_from_ours(chain: ChainAtHand, changes: dict[str, Any], said: str) -> None:
    (difference,) = check(chain.rpc, msgspec.structs.replace(chain.generation, **changes))
    assert said in difference


def test_missing_and_other_code_are_told_by_contract(chain: ChainAtHand) -> None:
    addresses = dict(chain.generation.addresses)
    addresses["FundEscrow"] = "0x" + "11" * 20
    addresses["IssuerRegistry"] = addresses["CampaignFactory"]
    differences = check(chain.rpc, msgspec.structs.replace(chain.generation, addresses=addresses))
    assert any(line.startswith("FundEscrow") and "no code" in line for line in differences)
    assert any(line.startswith("IssuerRegistry") and "other code" in line for line in differences)


def test_a_signer_without_its_roles_is_told_by_contract(chain: ChainAtHand) -> None:
    stranger = Account.create().address
    differences = check(chain.rpc, chain.generation, signers=[stranger])
    assert differences == [f"{name}: {stranger} lacks {role}" for name, role in ROLES.items()]


def test_certificates_that_are_looked_for_elsewhere_than_where_the_api_is_are_told(chain: ChainAtHand) -> None:
    elsewhere = "https://elsewhere.example/v1/certificates/"
    assert check(chain.rpc, chain.generation, base_uri=BASE_URI) == []
    (difference,) = check(chain.rpc, chain.generation, base_uri=elsewhere)
    assert difference.startswith(f"NFTShareCertificate: token URIs begin with {BASE_URI}, not with {elsewhere}")
    assert "TANDEM_PUBLIC_URL" in difference


def test_an_escrow_without_its_role_at_the_factory_is_told(chain: ChainAtHand) -> None:
    factory, escrow = (chain.generation.addresses[name] for name in ("CampaignFactory", "FundEscrow"))
    data = selector("revokeRole(bytes32,address)") + keccak(b"ESCROW_ROLE") + bytes.fromhex(escrow[2:]).rjust(32, b"\0")
    chain.send(factory, data, key=chain.deployer_key)
    assert check(chain.rpc, chain.generation) == [f"CampaignFactory: {escrow} lacks ESCROW_ROLE"]


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 70_000])
def test_where_a_contract_will_stand_is_known_for_any_nonce(nonce: int) -> None:
    import rlp  # the library's encoder comes with eth_account

    from abis.hashing import checksummed, keccak

    sender = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    expected = checksummed(keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:].hex())
    assert contracts._created(sender, nonce) == expected
