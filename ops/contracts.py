"""The contracts: compiled to committed artifacts, deployed as a generation, and checked against the chain."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from eth_abi.abi import decode, encode
from eth_account import Account

from abis.artifacts import artifact, bytecode_of
from abis.calls import selector
from abis.generation import CONTRACTS, Generation, identity
from abis.hashing import checksummed, keccak
from ops.errors import OperatorError
from ops.rpc import Rpc, RpcRefused

ABIS = Path(__file__).resolve().parent.parent / "abis"
CODE_BYTES_MAX = 24_576  # EIP-170
GAS_PER_DEPLOYMENT_MAX = 4_500_000
GAS_PER_GRANT_MAX = 150_000
ROLES = {
    "IssuerRegistry": "REGISTRAR_ROLE",
    "CampaignFactory": "OPERATOR_ROLE",
    "NFTShareCertificate": "REGISTRAR_ROLE",
    "FundEscrow": "TREASURY_ROLE",
    "JournalAnchor": "ANCHOR_ROLE",
}
ESCROW_ROLE = "ESCROW_ROLE"  # of the escrow's contract itself, at the factory, where every campaign looks for it
SOLC_SETTINGS = {
    "evmVersion": "istanbul",  # Polygon Edge knows no later opcode
    "optimizer": {"enabled": True, "runs": 200},
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}},
}


class ContractsInvalid(OperatorError):
    """The contracts do not compile, or what is deployed is not what was meant. The text says what to look at."""


# Compiling.


def compile_contracts() -> dict[str, bytes]:
    """Compile the sources with the pinned compiler. Returns the content of each artifact file and of the manifest."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise ContractsInvalid("compiling needs node and npm on the path; the committed artifacts do not")
    sources = {path.name: path.read_text() for path in sorted((ABIS / "contracts").glob("*.sol"))}
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources.items()},
        "settings": SOLC_SETTINGS,
    }
    with tempfile.TemporaryDirectory(prefix="tandem-solc-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ABIS / name, folder)
        subprocess.run([npm, "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True, capture_output=True)
        run = subprocess.run(
            [node, str(ABIS / "compile.cjs"), folder],
            input=msgspec.json.encode(request),
            capture_output=True,
            check=True,
        )
    output = msgspec.json.decode(run.stdout)
    errors = [e["formattedMessage"] for e in output.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise ContractsInvalid("\n".join(errors))
    return _files(sources, output["contracts"])


def _files(sources: dict[str, str], compiled: dict[str, Any]) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    manifest: dict[str, Any] = {
        "compiler": "solc 0.8.37",
        "libraries": "@openzeppelin/contracts 5.4.0",
        "settings": SOLC_SETTINGS,
        "sources": {name: sha256(text.encode()).hexdigest() for name, text in sources.items()},
        "bytecodes": {},
    }
    for name in CONTRACTS:
        contract = compiled[f"{name}.sol"][name]
        bytecode = contract["evm"]["bytecode"]["object"]
        deployed = contract["evm"]["deployedBytecode"]["object"]
        if len(deployed) // 2 >= CODE_BYTES_MAX:
            raise ContractsInvalid(f"{name} has {len(deployed) // 2} bytes of code; a chain takes {CODE_BYTES_MAX}")
        content = {"abi": contract["abi"], "bytecode": bytecode, "deployed_bytecode": deployed}
        made[f"artifacts/{name}.json"] = _json(content)
        manifest["bytecodes"][name] = sha256(bytes.fromhex(bytecode)).hexdigest()
    made["manifest.json"] = _json(manifest)
    return made


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.Encoder(order="sorted").encode(value), indent=1) + b"\n"


def write_artifacts() -> None:
    """Compile, and replace the committed artifacts."""
    (ABIS / "artifacts").mkdir(exist_ok=True)
    for name, content in compile_contracts().items():
        (ABIS / name).write_bytes(content)


# Deploying.


class Deployment:
    """Deploys step by step from one account whose nonces number the steps, so that a half-done one is resumed.

    A contract's address follows from the account and the step's nonce: what stands there already is not sent again.
    """

    def __init__(
        self, rpc: Rpc, *, deployer_key: str, first_nonce: int, gas_price_wei: int, wait: Callable[[], None]
    ) -> None:
        self._rpc = rpc
        self._account = Account.from_key(deployer_key)
        self._nonce = first_nonce
        self._gas_price_wei = gas_price_wei
        self._wait = wait
        self._chain_id = rpc.number("eth_chainId")

    @property
    def admin(self) -> str:
        return checksummed(self._account.address)

    def contract(self, name: str, types: Sequence[str] = (), values: Sequence[Any] = ()) -> str:
        """Deploy a contract, or find it deployed by this very step. Returns its address."""
        address = _created(self._account.address, self._nonce)
        self._send(to=None, data=bytecode_of(name) + bytes(encode(types, values)), gas=GAS_PER_DEPLOYMENT_MAX)
        if not self._rpc.code(address):
            raise ContractsInvalid(f"{name} was not deployed at {address}: the transaction failed")
        return address

    def place(self, *, ahead: int) -> str:
        """Where the contract of a later step will stand; `ahead` 0 is the next step."""
        return _created(self._account.address, self._nonce + ahead)

    def grant(self, address: str, role: str, account: str) -> None:
        role_id = keccak(role.encode("ascii"))
        data = selector("grantRole(bytes32,address)") + bytes(encode(["bytes32", "address"], [role_id, account]))
        self.call(address, data)

    def call(self, address: str, data: bytes) -> None:
        """Make a call that costs no more than a grant, or find that it was made by this very step."""
        self._send(to=address, data=data, gas=GAS_PER_GRANT_MAX)

    def _send(self, *, to: str | None, data: bytes, gas: int) -> None:
        nonce, self._nonce = self._nonce, self._nonce + 1
        if self._rpc.number("eth_getTransactionCount", self._account.address, "latest") > nonce:
            return  # this step was mined before
        fields: dict[str, Any] = {
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": gas,
            "gasPrice": self._gas_price_wei,
            "value": 0,
            "data": data,
        }
        if to is not None:
            fields["to"] = to
        signed = self._account.sign_transaction(fields)
        try:
            self._rpc.call("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())
        except RpcRefused:
            # The very same bytes may have been sent by a deployment that died waiting for them.
            if self._rpc.call("eth_getTransactionByHash", "0x" + signed.hash.hex()) is None:
                raise
        while (receipt := self._rpc.call("eth_getTransactionReceipt", "0x" + signed.hash.hex())) is None:
            self._wait()
        if int(receipt["status"], 16) != 1:
            raise ContractsInvalid(f"step {nonce} of the deployment reverted: transaction 0x{signed.hash.hex()}")


def deploy(
    rpc: Rpc,
    *,
    deployer_key: str,
    signers: Sequence[str],
    base_uri: str,
    plan: Path,
    gas_price_wei: int,
    wait: Callable[[], None],
) -> Generation:
    """Deploy and wire all contracts, and give the signers their roles.

    `base_uri` is what the certificates' token URIs begin with; `plan` remembers where a deployment began and ended.
    """
    address = Account.from_key(deployer_key).address
    if plan.exists():
        begun = msgspec.json.decode(plan.read_bytes())
    else:
        begun = {
            "first_nonce": rpc.number("eth_getTransactionCount", address, "latest"),
            "start_block": rpc.number("eth_blockNumber"),
        }
        plan.write_bytes(msgspec.json.encode(begun))
    step = Deployment(
        rpc, deployer_key=deployer_key, first_nonce=begun["first_nonce"], gas_price_wei=gas_price_wei, wait=wait
    )
    registry = step.contract("IssuerRegistry", ["address"], [step.admin])
    template = step.contract("CampaignImplementation")
    # The factory and the escrow name each other for ever: the escrow's place is known before it is there.
    places = [step.admin, template, registry, step.place(ahead=2)]
    factory = step.contract("CampaignFactory", ["address"] * 4, places)
    certificate = step.contract(
        "NFTShareCertificate", ["address", "address", "string"], [step.admin, factory, base_uri]
    )
    escrow = step.contract("FundEscrow", ["address"] * 3, [step.admin, factory, step.admin])
    assert escrow == places[-1], "the factory knows the escrow"
    chain_id, genesis = rpc.number("eth_chainId"), rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    ledger = identity(chain_id=chain_id, genesis_hash=genesis, factory=factory)
    anchor = step.contract("JournalAnchor", ["address", "bytes32"], [step.admin, ledger])
    addresses = dict(zip(CONTRACTS, (registry, template, factory, certificate, escrow, anchor), strict=True))
    step.grant(factory, ESCROW_ROLE, escrow)
    for name, role in ROLES.items():
        for signer in signers:
            step.grant(addresses[name], role, signer)
    if "deployed_block" not in begun:
        begun["deployed_block"] = rpc.number("eth_blockNumber")
        plan.write_bytes(msgspec.json.encode(begun))
    return Generation(
        chain_id=chain_id,
        genesis_hash=genesis,
        addresses=addresses,
        code_hashes={name: "0x" + keccak(rpc.code(address)).hex() for name, address in addresses.items()},
        start_block=begun["start_block"],
        deployed_block=begun["deployed_block"],
    )


def check(rpc: Rpc, generation: Generation, *, signers: Sequence[str] = (), base_uri: str | None = None) -> list[str]:
    """What differs between the chain and the generation, in sentences; empty when nothing does. Without a `base_uri`
    whatever the certificates' token URIs begin with is right."""
    wrong = []
    if (chain_id := rpc.number("eth_chainId")) != generation.chain_id:
        return [f"the node speaks for chain {chain_id}, the generation is of chain {generation.chain_id}"]
    genesis = rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    if genesis != generation.genesis_hash:
        return [f"the chain's genesis is {genesis}, the generation's is {generation.genesis_hash}: another chain"]
    for name, address in generation.addresses.items():
        code = rpc.code(address)
        if "0x" + keccak(code).hex() != generation.code_hashes[name]:
            wrong.append(f"{name} at {address}: {'no code' if not code else 'other code than deployed'}")
    if wrong:
        return wrong  # what other code says of roles means nothing
    needed = [("CampaignFactory", ESCROW_ROLE, generation.addresses["FundEscrow"])]
    needed += [(name, role, signer) for name, role in ROLES.items() for signer in signers]
    for name, role, account in needed:
        data = selector("hasRole(bytes32,address)")
        data += bytes(encode(["bytes32", "address"], [keccak(role.encode("ascii")), account]))
        if not int.from_bytes(rpc.read(generation.addresses[name], data), "big"):
            wrong.append(f"{name}: {account} lacks {role}")
    have = base_uri_of(rpc, generation)
    if base_uri is not None and have != base_uri:
        wrong.append(
            f"NFTShareCertificate: token URIs begin with {have}, not with {base_uri}:"
            " set TANDEM_PUBLIC_URL to where the API is found, or let the admin call setBaseURI"
        )
    return wrong


def base_uri_of(rpc: Rpc, generation: Generation) -> str:
    """What the token URIs of a generation's certificates begin with."""
    answer = rpc.read(generation.addresses["NFTShareCertificate"], selector("baseURI()"))
    (text,) = decode(["string"], answer)
    return str(text)


def _created(sender: str, nonce: int) -> str:
    """The address of a contract made by an account at a nonce: Keccak of their RLP (Yellow Paper, section 7)."""
    account = bytes.fromhex(sender[2:])
    if nonce == 0:
        number = b"\x80"
    elif nonce < 0x80:
        number = bytes([nonce])
    else:
        raw = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
        number = bytes([0x80 + len(raw)]) + raw
    body = b"\x94" + account + number
    return checksummed(keccak(bytes([0xC0 + len(body)]) + body)[12:].hex())


__all__ = ["ContractsInvalid", "artifact", "check", "compile_contracts", "deploy", "write_artifacts"]
