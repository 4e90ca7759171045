"""The model of the contracts and the contracts themselves, called alike: whatever one says, the other says too."""

from __future__ import annotations

from abis import decode
from abis.calls import selector
from chain_writer.node import Node
from chain_writer.replies import Passed, Refused
from chain_writer.signer import KeySigner, Signer
from chain_writer.transactions import Fields
from tests.simulator.chain.signing import SimSigner
from tests.support.chain import ChainAtHand
from tests.support.wallets import key_of, wallet_of
from tests.unit.simulator.chains_at_hand import PERIOD_S, Simulated

DIGEST_OF = selector("digestOf(bytes32)")
GAS_MAX = 4_800_000
# The gas of the model against that of the contracts.
LEAST_PERCENT, MOST_PERCENT = 70, 140


class Twins:
    """`now_s` is the time of the newest block of both. Closes with the block that opened it; the real one goes back."""

    def __init__(self, chain: ChainAtHand) -> None:
        self._chain = chain
        self._snapshot = chain.rpc.call("evm_snapshot")
        chain.rpc.call("anvil_dropAllTransactions")
        self.generation = chain.generation
        self._keys = {"writer": chain.signer_key, "admin": chain.deployer_key}
        self._real = Node(chain.url)
        block = chain.rpc.call("eth_getBlockByNumber", "latest", False)
        self.now_s = int(block["timestamp"], 16)
        self._sim = Simulated(
            writer=self.address("writer"),
            admin=self.address("admin"),
            generation=self.generation,
            begun_s=self.now_s - 2 * PERIOD_S,
        )

    def close(self) -> None:
        self._real.close()
        self._chain.rpc.call("evm_revert", self._snapshot)

    def address(self, name: str) -> str:
        return KeySigner(self._keys[name]).address if name in self._keys else wallet_of(name)

    def place(self, contract: str) -> str:
        """A contract of the generation by its name."""
        return self.generation.addresses[contract]

    def raised(self, campaign: str) -> int:
        """What a campaign's contract counts now."""
        return int(self._sim.chain.head.state.get((campaign.lower(), "raised")) or 0)

    # The same on both.

    def mine(self, *, after_s: int = PERIOD_S) -> None:
        self.now_s += after_s
        self._chain.rpc.call("evm_setNextBlockTimestamp", self.now_s)
        self._chain.mine()
        self._sim.now_s = self.now_s
        self._sim.chain.mine()
        assert self._sim.chain.head.timestamp_s == self.now_s

    def call(self, to: str, data: bytes, *, by: str = "writer") -> list[str]:
        """Ask whether it would pass, then do it, on both. The kinds of its logs, or the code of the refusal."""
        code = self._compare_simulations(to, data, sender=self.address(by))
        nonces = [self._real.look(self.address(by), []).count, self._sim.chain.count(self.address(by))]
        signers: list[Signer] = [KeySigner(self._keys.get(by, key_of(by))), SimSigner(self.address(by))]
        hashes = []
        for node, signer, nonce in zip((self._real, self._sim.node), signers, nonces, strict=True):
            fields = Fields(
                chain_id=self.generation.chain_id, nonce=nonce, to=to, data=data, gas_limit=GAS_MAX, gas_price_wei=0
            )
            signed = signer.sign(fields)
            (answer,) = node.send([signed.raw])
            assert answer.hash == signed.hash
            hashes.append(signed.hash)
        self.mine()
        (real,), (simulated,) = self._real.receipts(hashes[:1]), self._sim.node.receipts(hashes[1:])
        assert real is not None
        assert simulated is not None
        assert (simulated.succeeded, simulated.logs) == (real.succeeded, real.logs)
        return [type(decode(log)).__name__ for log in real.logs] if code is None else [code]

    def _compare_simulations(self, to: str, data: bytes, *, sender: str) -> str | None:
        """The code of the refusal, if it is one."""
        real = self._real.simulate(to=to, data=data, sender=sender)
        simulated = self._sim.node.simulate(to=to, data=data, sender=sender)
        match real, simulated:
            case Passed(gas), Passed(modelled):
                assert LEAST_PERCENT * gas <= 100 * modelled <= MOST_PERCENT * gas, (gas, modelled)
                return None
            case Refused(), Refused():
                assert simulated.revert == real.revert
                return real.revert.code
            case _:
                raise AssertionError(f"one says {real}, the other {simulated}")

    def compare_words(self, targets: list[str], keys: list[bytes]) -> None:
        """What every contract holds under every key."""
        asked = [(target, DIGEST_OF + key) for target in targets for key in keys]
        newest = self._real.look(self.address("writer"), []).head.number
        real = self._real.words(asked, block=newest)
        assert self._sim.node.words(asked, block=self._sim.chain.height) == real
