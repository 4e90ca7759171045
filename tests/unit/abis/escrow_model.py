"""The escrow of one campaign in coin as it is meant, in Python: which steps it takes, and where the coin is then."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tests.unit.abis.coin import ISSUER_WALLET, KEYS, WALLETS
from tests.unit.abis.ledger import CAP, THRESHOLD

FEE_KEY, FEE_WALLET = KEYS[4], WALLETS[4]


class State(StrEnum):
    HELD = "held"
    RECORDED = "recorded"
    REFUNDED = "refunded"
    RECLAIMED = "reclaimed"


class Deposit(msgspec.Struct):
    amount: int
    state: State = State.HELD


class Model(msgspec.Struct):
    """The escrow as it is meant: each method says whether the step is taken, and takes it."""

    deposits: dict[tuple[int, int], Deposit] = {}  # by investment and depositor
    recorded: set[int] = set()  # investments, for ever
    closed: bool = False
    successful: bool = False
    paused: bool = False
    announced: bool = False
    begun: bool = False
    released: int = 0
    raised: int = 0
    standing: int = 0  # recorded and not refunded, whether or not it was taken back in an emergency
    credits: dict[str, int] = {}
    paid: dict[str, int] = {}

    def deposit(self, number: int, by: int, amount: int) -> bool:
        taken = not (self.closed or self.paused or self.announced) and (number, by) not in self.deposits
        if taken:
            self.deposits[number, by] = Deposit(amount)
            self._pay(WALLETS[by], -amount)
        return taken

    def record(self, number: int, by: int, amount: int) -> bool:
        found = self.deposits.get((number, by))
        taken = (
            not (self.closed or self.begun)
            and number not in self.recorded
            and found is not None
            and (found.state, found.amount) == (State.HELD, amount)
            and self.raised + amount <= CAP
        )
        if taken and found is not None:
            found.state = State.RECORDED
            self.recorded.add(number)
            self.standing += amount
            self.raised += amount
        return taken

    def refund(self, number: int, by: int, amount: int) -> bool:
        found = self.deposits.get((number, by))
        taken = (
            not ((self.closed and self.successful) or self.begun)
            and found is not None
            and (found.state, found.amount) == (State.RECORDED, amount)
        )
        if taken and found is not None:
            found.state = State.REFUNDED
            self.standing -= amount
            self.raised -= 0 if self.closed else amount
        return taken

    def pause(self, *, paused: bool) -> bool:
        if not self.closed:
            self.paused = paused
        return not self.closed

    def close(self, *, successful: bool) -> bool:
        taken = not self.closed and (not successful or self.raised >= THRESHOLD)
        if taken:
            self.closed, self.successful = True, successful
        return taken

    def release(self, amount: int, fee: int) -> bool:
        within = self.released + amount + fee <= self.raised
        taken = self.closed and self.successful and not self.begun and within
        if taken:
            self.released += amount + fee
            for wallet, credit in ((ISSUER_WALLET, amount), (FEE_WALLET, fee)):
                self.credits[wallet] = self.credits.get(wallet, 0) + credit
        return taken

    def reclaim(self, number: int, by: int) -> bool:
        found = self.deposits.get((number, by))
        amount = 0 if found is None else self._reclaimable(found)
        if found is not None and amount:
            found.state = State.RECLAIMED
            self._pay(WALLETS[by], amount)
        return amount > 0

    def _reclaimable(self, found: Deposit) -> int:
        match found.state:
            case State.REFUNDED:
                return found.amount
            case State.HELD:
                return found.amount if self.closed or self.begun else 0
            case State.RECORDED:
                return found.amount * (self.standing - self.released) // self.standing if self.begun else 0
            case State.RECLAIMED:
                return 0

    def withdraw(self, wallet: str) -> bool:
        amount = self.credits.pop(wallet, 0)
        self._pay(wallet, amount)
        return amount > 0

    def announce(self) -> bool:
        taken = not self.announced
        self.announced = True
        return taken

    def cancel(self) -> bool:
        taken = self.announced and not self.begun
        if taken:
            self.announced = False
        return taken

    def wait(self) -> None:
        """The notice is over."""
        self.begun = self.begun or self.announced

    @property
    def held(self) -> int:
        """What the escrow holds: what went in, and did not come out."""
        return -sum(self.paid.values())

    @property
    def owed(self) -> int:
        """What the escrow owes to depositors and payees, at the least."""
        open_ = (found for found in self.deposits.values() if found.state in {State.HELD, State.REFUNDED})
        return sum(found.amount for found in open_) + sum(self.credits.values())

    def _pay(self, wallet: str, amount: int) -> None:
        self.paid[wallet] = self.paid.get(wallet, 0) + amount
