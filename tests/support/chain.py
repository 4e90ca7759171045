"""A development chain in a test's hand: mine a block now, send a call as the signer, lose blocks."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import msgspec
from eth_account import Account

from abis import Generation
from ops import contracts
from ops.rpc import Rpc

BASE_URI = "https://ledger.example/v1/certificates/"


class ChainAtHand(msgspec.Struct):
    """`signer_key` has every writer's role; `deployer_key` is the admin."""

    url: str
    rpc: Rpc
    generation: Generation
    signer_key: str
    deployer_key: str

    @property
    def signer(self) -> str:
        address: str = Account.from_key(self.signer_key).address
        return address

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.rpc.call("evm_mine")

    def wait(self, seconds: int) -> None:
        """Mine a block that is so much later than the last one."""
        self.rpc.call("evm_increaseTime", seconds)
        self.mine()

    def send(self, to: str, data: bytes, *, key: str | None = None, value: int = 0) -> dict[str, Any]:
        """Sign, send, mine; the receipt."""
        account = Account.from_key(key or self.signer_key)
        signed = account.sign_transaction(
            {
                "chainId": self.generation.chain_id,
                "nonce": self.rpc.number("eth_getTransactionCount", account.address, "latest"),
                "gas": 4_000_000,
                "gasPrice": 0,
                "value": value,
                "to": to,
                "data": data,
            }
        )
        self.rpc.call("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())
        self.mine()
        receipt: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", "0x" + signed.hash.hex())
        return receipt


def deploy_on(url: str, *, plan: Path, gas_price_wei: int = 0) -> ChainAtHand:
    """Where gas has a price, both accounts have a coin to pay it from."""
    rpc = Rpc(url)
    keys = ["0x" + secrets.token_hex(32) for _ in range(2)]
    for key in keys if gas_price_wei else ():
        rpc.call("anvil_setBalance", Account.from_key(key).address, hex(10**18))
    generation = contracts.deploy(
        rpc,
        deployer_key=keys[0],
        signers=[Account.from_key(keys[1]).address],
        base_uri=BASE_URI,
        plan=plan,
        gas_price_wei=gas_price_wei,
        wait=lambda: None,
    )
    rpc.call("evm_setAutomine", False)
    assert contracts.check(rpc, generation, signers=[Account.from_key(keys[1]).address]) == []
    return ChainAtHand(url=url, rpc=rpc, generation=generation, signer_key=keys[1], deployer_key=keys[0])
