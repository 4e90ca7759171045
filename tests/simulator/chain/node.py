"""A node of the simulated chain as the writer sees one: `chain_writer.node.Chain`, with what its faults come to there.

What fails as a whole raises what httpx or the real port would raise; `send` answers with the names of those errors,
never raises, and sends nothing after a batch that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import httpx

from abis.hashing import keccak
from chain_writer.blocks import Answered, Block, Header, Receipt, Seen
from chain_writer.node import CALLS_PER_BATCH_MAX, NodeUnavailable
from chain_writer.replies import Passed, Simulated, Unclear, simulated_error
from tests.simulator.chain.blocks import SimBlock, hash_of_block
from tests.simulator.chain.chain import SimChain
from tests.simulator.chain.contracts import view
from tests.simulator.chain.faults import Faults
from tests.simulator.chain.replica import Replica
from tests.simulator.chain.running import Reverted
from tests.simulator.chain.signing import parsed

DELAY_BLOCKS_MAX = 15  # longer than a node keeps an account's txs
GAS_OF_A_LIE = 400_000
URL = "http://simulated"


class SimNode:
    """One address. Implements `chain_writer.node.Chain`."""

    def __init__(self, chain: SimChain, faults: Faults, random: Random) -> None:
        self._chain = chain
        self._faults = faults
        self._random = random
        self.replica = Replica(chain, faults, random)

    # What it is asked.

    def _blocks(self) -> list[SimBlock]:
        """The chain as one request finds it."""
        kind = self.replica.failure()
        if kind is not None:
            raise _failed(kind)
        return self.replica.blocks()

    def _strike(self, kind: str) -> bool:
        return self._faults.strike(kind, self._random)

    def look(self, address: str, numbers: Sequence[int]) -> Seen:
        blocks = self._blocks()
        count = int(blocks[-1].state.get(("nonce", address.lower()), 0))
        if self._strike("F26"):
            count = self._random.randint(0, count)
        return Seen(
            chain_id=self._chain.chain_id,
            genesis_hash=blocks[0].hash,
            head=blocks[-1].for_writer.header,
            count=count,
            headers={n: blocks[n].for_writer.header if n < len(blocks) else None for n in numbers},
        )

    def count_at(self, address: str, number: int) -> tuple[int, Header]:
        blocks = self._blocks()
        if number >= len(blocks):
            raise NodeUnavailable("the node refused a question: header not found")
        return int(blocks[number].state.get(("nonce", address.lower()), 0)), blocks[number].for_writer.header

    def code_hashes(self, addresses: Sequence[str]) -> dict[str, str]:
        head = self._blocks()[-1]
        return {address: "0x" + keccak(self._chain.code(address, at=head)).hex() for address in addresses}

    def blocks(self, first: int, last: int) -> list[Block]:
        found: list[Block] = []
        for start in range(first, last + 1, CALLS_PER_BATCH_MAX):
            for block in self._blocks()[start : min(start + CALLS_PER_BATCH_MAX, last + 1)]:
                if found and (block.parent_hash != found[-1].header.hash):
                    return found
                found.append(block.for_writer)
        return found

    def receipts(self, hashes: Sequence[str]) -> list[Receipt | None]:
        found: list[Receipt | None] = []
        for start in range(0, len(hashes), CALLS_PER_BATCH_MAX):
            blocks = self._blocks()
            found += [self._receipt(tx_hash, blocks) for tx_hash in hashes[start : start + CALLS_PER_BATCH_MAX]]
        return found

    def _receipt(self, tx_hash: str, blocks: Sequence[SimBlock]) -> Receipt | None:
        place = self._chain.found(tx_hash, blocks)
        if place is None or self._strike("F23"):
            return None
        block, receipt = place
        block_hash = block.hash
        if self._strike("F24"):
            lost = self._chain.found(tx_hash, self._chain.lost)
            block, receipt = lost or place
            block_hash = lost[0].hash if lost else hash_of_block("of no chain", block.hash)
        return Receipt(block.number, block_hash, receipt.succeeded, receipt.logs, receipt.gas_used)

    def tried(self, calls: Sequence[tuple[str, bytes, int]], *, sender: str) -> list[Simulated]:
        return [self._simulated(to, data, sender=sender, gas=gas) for to, data, gas in calls]

    def simulate(self, *, to: str, data: bytes, sender: str) -> Simulated:
        return self._simulated(to, data, sender=sender, gas=None)

    def _simulated(self, to: str, data: bytes, *, sender: str, gas: int | None) -> Simulated:
        head = self._blocks()[-1]
        if self._strike("F26/call"):
            return Unclear("incorrect nonce")
        if self._strike("F30"):
            return Passed(GAS_OF_A_LIE)
        try:
            needed = self._chain.tried(head, sender=sender, to=to, data=data)
        except Reverted as reverted:
            return simulated_error(message="execution reverted", data=reverted.data)
        if needed > (self._chain.block_gas if gas is None else gas):
            return simulated_error(message="unable to execute call: out of gas", data=b"")
        said = needed if gas is None else gas
        return Passed(said // 2 if self._strike("F31") else said)

    def words(self, calls: Sequence[tuple[str, bytes]], *, block: int) -> list[bytes]:
        found: list[bytes] = []
        for start in range(0, len(calls), CALLS_PER_BATCH_MAX):
            blocks = self._blocks()
            if block >= len(blocks):
                raise NodeUnavailable(f"the node refused a question: failed to get the header of block {block}")
            found += [_word(blocks[block], to, data) for to, data in calls[start : start + CALLS_PER_BATCH_MAX]]
        return found

    def funds(self, address: str) -> tuple[int, int]:
        head = self._blocks()[-1]
        asked = max(self._chain.floor_wei, self._chain.pool.dialect.price_limit_wei)
        return int(head.state.get(("balance", address.lower()), 0)), asked

    def close(self) -> None:
        """Nothing is open."""

    # What it is sent.

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        answered: list[Answered] = []
        for start in range(0, len(raws), CALLS_PER_BATCH_MAX):
            part = raws[start : start + CALLS_PER_BATCH_MAX]
            try:
                answered += self._post(part)
            except httpx.HTTPError as error:
                return [*answered, *(Answered(None, f"no answer: {type(error).__name__}") for _ in part)]
        return answered

    def _post(self, raws: Sequence[bytes]) -> list[Answered]:
        """One request, which raises what it ends in."""
        for kind, delivered in SENDING.items():
            if self._strike(kind):
                delivered(self, raws)
                raise _failed(kind)
        return [self._told(raw) for raw in raws]

    def _told(self, raw: bytes) -> Answered:
        for kind, answer in SENDING_ONE.items():
            if self._strike(kind):
                return answer(self, raw)
        refusal = self._chain.take(raw)
        return Answered(None, refusal) if refusal is not None else Answered(parsed(raw).hash, None)

    def take_none(self, raws: Sequence[bytes]) -> None:
        """The request never arrives, or is refused as a whole."""

    def take_all(self, raws: Sequence[bytes]) -> None:
        for raw in raws:
            self._chain.take(raw)

    def take_prefix(self, raws: Sequence[bytes]) -> None:
        self.take_all(raws[: self._random.randrange(len(raws))])

    def take_all_or_none(self, raws: Sequence[bytes]) -> None:
        self._random.choice((self.take_none, self.take_all))(raws)

    def take_later(self, raws: Sequence[bytes]) -> None:
        """Each by itself, so that they overtake each other."""
        latest = self._random.randint(0, DELAY_BLOCKS_MAX)
        for raw in raws:
            self._chain.delay(raw, blocks=self._random.randint(0, latest))

    def swallow(self, raw: bytes) -> Answered:
        refusal = self._chain.take(raw, swallowed=True)
        return Answered(None, refusal or "already known")

    def rename(self, raw: bytes) -> Answered:
        self._chain.take(raw)
        return Answered("0x" + keccak(b"other" + raw).hex(), None)

    def refuse(self, raw: bytes, texts: Sequence[str]) -> Answered:
        """Whether it took the tx or not: another node behind the address may have."""
        if self._random.random() < 0.5:
            self._chain.take(raw)
        return Answered(None, self._random.choice(texts))


def _refusing(*texts: str) -> Callable[[SimNode, bytes], Answered]:
    return lambda node, raw: node.refuse(raw, texts)


# Kind -> what becomes of what was sent; then the request fails.
SENDING: dict[str, Callable[[SimNode, Sequence[bytes]], None]] = {
    "F1": SimNode.take_none,
    "F2": SimNode.take_all,
    "F3": SimNode.take_later,
    "F4": SimNode.take_prefix,
    "F19": SimNode.take_all_or_none,
    "F20": SimNode.take_none,
    "F21": SimNode.take_all,
}
# Kind -> what becomes of one tx, and what is said to it.
SENDING_ONE: dict[str, Callable[[SimNode, bytes], Answered]] = {
    "F5": SimNode.swallow,
    "F6": _refusing("nonce too low"),
    "F7": _refusing("nonce too low"),
    "F8": _refusing("nonce too high"),
    "F9": _refusing("transaction underpriced"),
    "F10": _refusing("replacement tx underpriced", "replacement transaction underpriced"),
    "F11": _refusing("tx with the same nonce is already present"),
    "F12": _refusing("maximum number of enqueued transactions reached"),
    "F13": _refusing("rejected future tx due to low slots"),
    "F14": _refusing("txpool is full"),
    "F15": _refusing("insufficient funds for gas * price + value"),
    "F16": _refusing("exceeds block gas limit"),
    "F17": _refusing("oversized data"),
    "F18": _refusing("the flux capacitor is drained", "invalid account state", "internal error"),
    "F22": SimNode.rename,
}


def _failed(kind: str) -> httpx.HTTPError:
    """What a request that meets this fault raises in the real port."""
    request = httpx.Request("POST", URL)
    match kind:
        case "F1" | "F2" | "F3":
            return httpx.ReadTimeout("timed out", request=request)
        case "F4":
            return httpx.RemoteProtocolError("the server disconnected without an answer", request=request)
        case "F19":
            response = httpx.Response(502, request=request)
            return httpx.HTTPStatusError("Server error '502 Bad Gateway'", request=request, response=response)
        case _:
            return NodeUnavailable("the node did not answer as JSON-RPC prescribes")


def _word(block: SimBlock, to: str, data: bytes) -> bytes:
    try:
        return view(block.state, to=to.lower(), data=data)[:32].ljust(32, b"\0")
    except Reverted:
        raise NodeUnavailable("the node refused a question: execution reverted") from None
