"""What a lane works with, given to it once; and the named points at which a test may kill it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec

from abis import Generation
from chain_writer.intents import NOTHING, Spent, lane_id
from chain_writer.node import Chain
from chain_writer.policy import Policy, Spending
from chain_writer.signer import Signed, Signer
from chain_writer.store import WriterStore
from chain_writer.transactions import Fields

# The durable steps. A crash may come before or after each, and nothing may be lost or doubled by it.
STEPS = (
    "lease",
    "refuse",
    "allot",
    "submit",
    "send",
    "note",
    "mine",
    "roll-back",
    "conclude",
    "let-go",
    "burn",
    "adopt",
)
CRASH_POINTS = tuple(f"{when} {step}" for step in STEPS for when in ("before", "after"))

# The same of the follower, who promises, and of the reporter, who gives a command and marks that it did.
PROMISING_STEPS = ("promise", "report", "mark")
PROMISING_CRASH_POINTS = tuple(f"{when} {step}" for step in PROMISING_STEPS for when in ("before", "after"))


def no_crash(point: str) -> None:
    """Where nobody tests, nothing crashes on purpose."""


@contextmanager
def passing(crash: Callable[[str], None], step: str) -> Iterator[None]:
    """Tell `crash` of the points before and after a durable step."""
    assert step in STEPS or step in PROMISING_STEPS
    crash(f"before {step}")
    yield
    crash(f"after {step}")


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """`crash` is called with the name of each crash point that is passed; it does nothing, or it raises."""

    store: WriterStore
    chain: Chain
    signer: Signer
    generation: Generation
    policy: Policy
    gas_price_wei: int
    gas_price_wei_max: int
    tip_wei: int | None
    finality_depth: int
    spending: Spending | None
    crash: Callable[[str], None]

    @contextmanager
    def durable(self, step: str) -> Iterator[None]:
        """Around each thing that cannot be taken back."""
        with passing(self.crash, step):
            yield

    def fields(self, *, nonce: int, to: str, data: bytes, gas_limit: int, gas_price_wei: int) -> Fields:
        return Fields(
            chain_id=self.generation.chain_id,
            nonce=nonce,
            to=to,
            data=data,
            gas_limit=gas_limit,
            gas_price_wei=gas_price_wei,
            tip_wei=None if self.tip_wei is None else min(self.tip_wei, gas_price_wei),
        )

    def signed(self, fields: Fields, *, campaigns: Collection[UUID] = (), besides: Spent = NOTHING) -> Signed:
        """Nothing is signed that the policy has not passed. `besides`: the cost of what is signed and not stored."""
        self.policy.check(fields, campaigns=campaigns)
        if self.spending is not None and self.spending.concerns(fields):
            lane, window_h = lane_id(self.generation, self.signer.address), self.spending.window_h
            spent = self.store.spent(lane, window_h=window_h, besides=fields.nonce)
            self.spending.check(fields, spent=spent + besides)
        return self.signer.sign(fields)
