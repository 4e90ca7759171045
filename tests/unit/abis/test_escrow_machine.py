"""Any order of deposits, recordings, closings, releases, refunds, emergencies and payments: the money is all there.

A model in Python says of each step whether the chain must take it, and where the coin is afterwards.
"""

from __future__ import annotations

from uuid import UUID

from eth_account import Account
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from abis import calls, to_bytes32
from tests.support.chain import ChainAtHand
from tests.unit.abis.coin import ESCROW, ISSUER_KEY, ISSUER_WALLET, KEYS, RICH, WALLETS, Coins, member, refund_of
from tests.unit.abis.escrow_model import FEE_KEY, FEE_WALLET, Model, State
from tests.unit.abis.ledger import CAMPAIGN, LedgerOnChain, entry, release

NOTICE_S = 30 * 86_400
DURATION_S = 365 * 86_400
WAITS_MAX = 10  # so that no step meets the deadline

numbers, people = st.integers(1, 3), st.integers(0, 2)
amounts = st.sampled_from([40_000, 40_000, 25_000, 1])


class EscrowMachine(RuleBasedStateMachine):
    """The contracts and the model, side by side."""

    def __init__(self, chain: ChainAtHand) -> None:
        super().__init__()
        self.chain = chain
        self.snapshot = chain.rpc.call("evm_snapshot")
        self.coins = Coins(LedgerOnChain(chain)).opened(duration_s=DURATION_S)
        self.coins.administer(calls.set_fee_wallet(FEE_WALLET))
        self.model = Model()
        self.revision = self.releases = self.waits = 0

    def teardown(self) -> None:
        self.chain.rpc.call("evm_revert", self.snapshot)

    def _send(self, to: str, data: bytes, *, key: str | None = None, value: int = 0) -> bool:
        """Whether the chain took the call, with some effect."""
        address = self.coins.ledger.campaign if to == "campaign" else self.coins.escrow
        receipt = self.chain.send(address, data, key=key, value=value)
        repeated = LedgerOnChain.decoded(receipt)
        return receipt["status"] == "0x1" and not any(
            type(log).__name__ in {"AlreadyRecorded", "Conflict"} for log in repeated
        )

    # Depositors and payees.

    @rule(number=numbers, by=people, amount=amounts)
    def deposit(self, number: int, by: int, amount: int) -> None:
        data = calls.deposit(campaign_id=CAMPAIGN, investment_id=UUID(int=number))
        taken = self._send(ESCROW, data, key=KEYS[by], value=amount)
        assert taken == self.model.deposit(number, by, amount)

    @rule(number=numbers, by=people)
    def reclaim(self, number: int, by: int) -> None:
        taken = self._send(ESCROW, calls.reclaim(UUID(int=number)), key=KEYS[by])
        assert taken == self.model.reclaim(number, by)

    @rule(of_fees=st.booleans())
    def withdraw(self, *, of_fees: bool) -> None:
        key, wallet = (FEE_KEY, FEE_WALLET) if of_fees else (ISSUER_KEY, ISSUER_WALLET)
        assert self._send(ESCROW, calls.withdraw(), key=key) == self.model.withdraw(wallet)

    # The house.

    @rule(number=numbers, by=people, amount=amounts)
    def record(self, number: int, by: int, amount: int) -> None:
        taken = self._send("campaign", calls.record_investments([member(number, amount=amount, by=by)]))
        assert taken == self.model.record(number, by, amount)

    @rule(number=numbers, by=people)
    def deposit_and_record(self, number: int, by: int) -> None:
        self.deposit(number, by, 40_000)
        self.record(number, by, 40_000)

    @rule(number=numbers, by=people, amount=amounts)
    def refund(self, number: int, by: int, amount: int) -> None:
        taken = self._send(ESCROW, calls.record_refunds([refund_of(number, amount=amount, by=by)]))
        assert taken == self.model.refund(number, by, amount)

    @rule(successful=st.booleans())
    def close(self, *, successful: bool) -> None:
        data = calls.close(successful=successful, raised=self.model.raised, entry=entry(9))
        assert self._send("campaign", data) == self.model.close(successful=successful)

    @rule(paused=st.booleans())
    def pause(self, *, paused: bool) -> None:
        self.revision += 1
        data = calls.set_paused(revision=self.revision, paused=paused, entry=entry(61))
        assert self._send("campaign", data) == self.model.pause(paused=paused)

    @rule(amount=st.sampled_from([1, 20_000, 40_000]), fee=st.sampled_from([0, 7]))
    def release(self, amount: int, fee: int) -> None:
        self.releases += 1
        release_id = UUID(int=2**127 + 0x100 + self.releases)
        data = release(release_id=release_id, issuer=ISSUER_WALLET, amount=amount, fee=fee)
        assert self._send(ESCROW, data) == self.model.release(amount, fee)

    # The admin.

    @rule()
    def announce(self) -> None:
        data = calls.announce_emergency(CAMPAIGN)
        assert self._send(ESCROW, data, key=self.chain.deployer_key) == self.model.announce()

    @rule()
    def cancel(self) -> None:
        data = calls.cancel_emergency(CAMPAIGN)
        assert self._send(ESCROW, data, key=self.chain.deployer_key) == self.model.cancel()

    @rule()
    def wait(self) -> None:
        self.waits += 1
        if self.waits <= WAITS_MAX:
            self.chain.wait(NOTICE_S)
            self.model.wait()

    # What holds at each step.

    @invariant()
    def the_escrow_holds_what_went_in_and_did_not_come_out(self) -> None:
        assert self.coins.held == self.model.held
        for wallet in WALLETS:
            assert self.coins.balance(wallet) == RICH + self.model.paid.get(wallet, 0)

    @invariant()
    def the_balance_covers_what_is_owed(self) -> None:
        model = self.model
        standing = [found.amount for found in model.deposits.values() if found.state is State.RECORDED]
        share = [amount * (model.standing - model.released) // model.standing for amount in standing]
        assert self.coins.held >= model.owed + sum(share)

    @invariant()
    def the_contracts_count_as_the_model_does(self) -> None:
        ask, campaign = self.coins.ledger.ask, to_bytes32(CAMPAIGN)
        assert ask("campaign", "totalRaised()") == self.model.raised
        assert ask(ESCROW, "heldOf(bytes32)", campaign) == self.model.standing
        assert ask(ESCROW, "releasedOf(bytes32)", campaign) == self.model.released
        for wallet in (ISSUER_WALLET, FEE_WALLET):
            assert ask(ESCROW, "creditOf(address)", wallet) == self.model.credits.get(wallet, 0)
        house = Account.from_key(self.chain.signer_key).address
        assert ask(ESCROW, "creditOf(address)", house) == 0


def test_the_money_is_all_there_whatever_anybody_does_in_whatever_order(chain: ChainAtHand) -> None:
    run_state_machine_as_test(
        lambda: EscrowMachine(chain),
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert chain.rpc.number("eth_blockNumber") > 0
