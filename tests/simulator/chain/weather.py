"""What befalls the pool and the chain between two steps of anybody."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.simulator.chain.chain import SimChain
from tests.simulator.chain.faults import Faults

HALT_BLOCKS_MAX = 20
FLOOR_BLOCKS_MAX = 20  # longer than a head waits at its price, so that replacements happen


def befall(chain: SimChain, faults: Faults, random: Random, *, finality_depth: int) -> list[str]:
    """Let each kind strike that is due now; the kinds that did. Reorgs stay above the finality depth."""
    if not faults.rates:
        chain.resume()
    struck = [kind for kind in WEATHER if faults.strike(kind, random)]
    for kind in struck:
        WEATHER[kind](chain, random, finality_depth)
    return struck


def _lose_one(chain: SimChain, random: Random, _depth: int) -> None:
    txs = list(chain.pool.txs())
    if txs:
        lost = random.choice(txs)
        chain.pool.lose(lost.sender, lost.nonce)


def _lose_account(chain: SimChain, random: Random, _depth: int) -> None:
    accounts = list(chain.pool.accounts)
    if accounts:
        chain.pool.lose_account(random.choice(accounts))


def _halt(chain: SimChain, random: Random, _depth: int) -> None:
    chain.halt(blocks=random.randint(1, HALT_BLOCKS_MAX))


def _raise_floor(chain: SimChain, random: Random, _depth: int) -> None:
    dearest = max((tx.gas_price for tx in chain.pool.txs()), default=0)
    chain.raise_floor(dearest + 1, blocks=random.randint(1, FLOOR_BLOCKS_MAX))


def _reorg(*, drop: bool) -> Callable[[SimChain, Random, int], None]:
    def replace(chain: SimChain, random: Random, depth: int) -> None:
        if depth:
            chain.reorg(random.randint(1, depth), drop=drop)

    return replace


WEATHER: dict[str, Callable[[SimChain, Random, int], None]] = {
    "F32/one": _lose_one,
    "F32/account": _lose_account,
    "F32/all": lambda chain, _random, _depth: chain.restart_pool(),
    "F33": lambda chain, _random, _depth: chain.pool.wipe_behind_holes(),
    "F34": _halt,
    "F35/returned": _reorg(drop=False),
    "F35/lost": _reorg(drop=True),
    "F37": _raise_floor,
}
