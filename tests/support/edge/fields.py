"""Group 7, and the fields of group 13: blocks, txs, receipts and logs as Edge writes them, without the rest."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any

from abis import hashing
from tests.support.edge.dialect import Dialect
from tests.support.edge.rawtx import RawTx, rlp_of

Fields = dict[str, Any]

ZERO_ADDRESS = "0x" + "00" * 20
ZERO_HASH = "0x" + "00" * 32
NO_BLOOM = "0x" + "00" * 256
ISTANBUL_DIGEST = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
GENESIS_GAS_USED = "0x70000"
VALIDATORS, QUORUM = 4, 3
ADDRESS_BYTES, BLS_KEY_BYTES, SEAL_BYTES, VANITY_BYTES = 20, 48, 65, 32

BLOCK = (
    *("parentHash", "sha3Uncles", "stateRoot", "transactionsRoot", "receiptsRoot", "number", "gasLimit", "gasUsed"),
    *("timestamp", "hash", "uncles"),
)
PLACE = ("blockHash", "blockNumber", "transactionIndex")
TX = ("nonce", "gasPrice", "gas", "value", "input", "v", "r", "s", "hash", "type", *PLACE)
DYNAMIC = ("chainId", "maxFeePerGas", "maxPriorityFeePerGas")
RECEIPT = ("cumulativeGasUsed", "logsBloom", "status", "transactionHash", "gasUsed", *PLACE)
LOG = ("topics", "data", "transactionHash", "logIndex", *PLACE)


@lru_cache(maxsize=4_096)
def checksummed(address: str | None) -> str | None:
    return hashing.checksummed(address) if address is not None else None


def block(given: Fields, *, dialect: Dialect) -> Fields:
    """An IBFT block: its header bloom is empty whatever its logs, and the seals are the node's own."""
    number = int(given["number"], 16)
    extra = extra_data(given["hash"], number=number, node=dialect.node)
    voting = bool(dialect.vote_every_blocks) and number > 0 and number % dialect.vote_every_blocks == 0
    return (
        {key: given[key] for key in BLOCK}
        | {
            "miner": candidate(number) if voting else ZERO_ADDRESS,
            "logsBloom": NO_BLOOM,
            "difficulty": hex(max(number, 1)),
            "totalDifficulty": hex(max(number, 1)),
            "size": hex(int(given["size"], 16) + len(extra)),
            "extraData": "0x" + extra.hex(),
            "mixHash": ISTANBUL_DIGEST,
            "nonce": "0xffffffffffffffff" if voting else "0x0000000000000000",
            "transactions": [
                tx if isinstance(tx, str) else shaped_tx(tx, dialect=dialect) for tx in given["transactions"]
            ],
        }
        | ({} if number else {"timestamp": "0x0", "gasUsed": GENESIS_GAS_USED})
    )


def extra_data(block_hash: str, *, number: int, node: str) -> bytes:
    """Vanity and RLP. The committed seals are outside the hash: each node has a quorum of its own, of another size."""
    validators = [
        [_bytes(f"validator/{i}", ADDRESS_BYTES), _bytes(f"key/{i}", BLS_KEY_BYTES)] for i in range(VALIDATORS)
    ]
    if number == 0:
        return b"\0" * VANITY_BYTES + rlp_of([validators, b"", [], []])
    drawn = sha256(f"{node}/{block_hash}".encode()).digest()
    seals = [_bytes(f"{node}/{block_hash}/{i}", SEAL_BYTES) for i in range(QUORUM + drawn[0] % 2)]
    return b"\0" * VANITY_BYTES + rlp_of([validators, _bytes(block_hash, SEAL_BYTES), seals, []])


def candidate(number: int) -> str:
    """The miner of a voting block: RLP of the candidate's address and BLS key, far from 20 bytes."""
    return "0x" + rlp_of([_bytes(f"candidate/{number}", ADDRESS_BYTES), _bytes("key", BLS_KEY_BYTES)]).hex()


def _bytes(seed: str, count: int) -> bytes:
    whole = b"".join(sha256(f"{seed}/{i}".encode()).digest() for i in range(-(-count // 32)))
    return whole[:count]


def shaped_tx(given: Fields, *, dialect: Dialect) -> Fields:
    keys = TX + (DYNAMIC if given.get("type") == "0x2" else ())
    shaped = {key: given[key] for key in keys if key in given}
    if not dialect.tx_type:
        shaped.pop("type", None)
    if given.get("type") == "0x2" and given.get("blockHash") is None:
        shaped.pop("gasPrice", None)
    return shaped | {"from": checksummed(given["from"]), "to": checksummed(given["to"])}


def receipt(given: Fields, *, dialect: Dialect) -> Fields:
    logs = [log(each) for each in given["logs"]]
    if dialect.log_index_per_tx:
        logs = [each | {"logIndex": hex(i), "transactionIndex": hex(i)} for i, each in enumerate(logs)]
    return {key: given[key] for key in RECEIPT} | {
        "root": ZERO_HASH,
        "logs": logs,
        "contractAddress": checksummed(given.get("contractAddress")),
        "from": checksummed(given["from"]),
        "to": checksummed(given["to"]),
    }


def log(given: Fields) -> Fields:
    return {key: given[key] for key in LOG} | {"address": checksummed(given["address"]), "removed": False}


def pooled(tx: RawTx, *, dialect: Dialect) -> Fields:
    """A tx that the node has and no block."""
    fields: Fields = {
        "nonce": hex(tx.nonce),
        "gasPrice": hex(tx.gas_price),
        "gas": hex(tx.gas),
        "to": tx.to,
        "value": hex(tx.value),
        "input": "0x" + tx.data.hex(),
        "v": hex(tx.v),
        "r": hex(tx.r),
        "s": hex(tx.s),
        "hash": tx.hash,
        "from": tx.sender,
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
        "type": hex(tx.type),
    }
    if tx.type:
        fee = {"maxFeePerGas": hex(tx.gas_price), "maxPriorityFeePerGas": hex(tx.tip)}
        fields |= {"chainId": hex(tx.chain_id or 0)} | fee
    return shaped_tx(fields, dialect=dialect)
