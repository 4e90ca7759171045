"""The anchor in a test's hand: a journal to anchor, and many questions put to the contract at once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import httpx
from eth_abi.abi import encode

from abis import Log, calls
from abis.calls import selector
from abis.errors import decode_revert
from domain.journal.sealing import leaf_of
from tests.unit.abis.ledger import LedgerOnChain
from tests.unit.abis.rfc6962 import Leaves

PLACE = "JournalAnchor"
INCLUDES = selector("includes(bytes32,uint64,bytes32[])")
CALLS_PER_BATCH = 500
YES, NO = (1).to_bytes(32, "big"), bytes(32)


def entries(count: int, *, rewritten: int = 0) -> list[bytes]:
    """The leaves of a journal; the entry at the position `rewritten` has another content than it had."""
    return [
        leaf_of(
            position=position,
            stream=UUID(int=position % 7),
            version=position,
            topic="campaign.opened",
            state=b'{"d":{"other":1}}' if position == rewritten else b'{"d":{}}',
        )
        for position in range(1, count + 1)
    ]


def anchor_of(leaves: Leaves, size: int, *, after: int) -> bytes:
    """The call that anchors a journal at this size, where it is anchored at the size `after`."""
    proof = leaves.consistency(after, size) if after else []
    return calls.anchor(size=size, root=leaves.root(0, size), proof=proof)


def anchored(ledger: LedgerOnChain, leaves: Leaves, *sizes: int) -> list[Log]:
    """Anchor at these sizes, one after the other. What was logged."""
    logs, after = [], 0
    for size in sizes:
        logs += ledger.post(PLACE, anchor_of(leaves, size, after=after))
        after = size
    return logs


def inclusion(leaf: bytes, index: int, proof: Sequence[bytes]) -> bytes:
    """The question whether the journal anchored last holds this leaf at this index."""
    return INCLUDES + bytes(encode(["bytes32", "uint64", "bytes32[]"], [leaf, index, list(proof)]))


def answers(ledger: LedgerOnChain, questions: Sequence[bytes]) -> list[bytes | str]:
    """What the contract would answer the signer to each: its return data, or the name of its error."""
    found: list[bytes | str] = []
    for start in range(0, len(questions), CALLS_PER_BATCH):
        found += _batch(ledger, questions[start : start + CALLS_PER_BATCH])
    return found


def _batch(ledger: LedgerOnChain, questions: Sequence[bytes]) -> list[bytes | str]:
    call = {"from": ledger.chain.signer, "to": ledger.addresses[PLACE]}
    requests = [
        {
            "jsonrpc": "2.0",
            "id": place,
            "method": "eth_call",
            "params": [{**call, "data": "0x" + question.hex()}, "latest"],
        }
        for place, question in enumerate(questions)
    ]
    body = httpx.post(ledger.chain.url, json=requests, timeout=60).raise_for_status().json()
    by_id = {answer["id"]: answer for answer in body}
    return [
        bytes.fromhex(answer["result"][2:])
        if "result" in answer
        else decode_revert(bytes.fromhex(answer["error"]["data"][2:])).code
        for answer in (by_id[place] for place in range(len(questions)))
    ]


def flipped(value: bytes, bit: int = 0) -> bytes:
    """The same 32 bytes but for one bit."""
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(32, "big")


def spoilt(proof: Sequence[bytes]) -> list[list[bytes]]:
    """Proofs that are not this one: each element changed, each left out, one more at either end, two exchanged."""
    proof = list(proof)
    changed = [[*proof[:at], flipped(proof[at], at), *proof[at + 1 :]] for at in range(len(proof))]
    shorter = [[*proof[:at], *proof[at + 1 :]] for at in range(len(proof))]
    longer = [[*proof, bytes(32)], [bytes(32), *proof], [*proof, *proof[-1:]] if proof else [bytes(32)] * 2]
    swapped = [[*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]] for at in range(len(proof) - 1)]
    return changed + shorter + longer + swapped
