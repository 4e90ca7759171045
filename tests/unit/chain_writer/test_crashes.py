"""A worker is killed at each of its crash points, another one goes on: every effect is on the chain once."""

from __future__ import annotations

import pytest

from chain_writer.lane import Lane
from chain_writer.means import CRASH_POINTS
from tests.unit.chain_writer.house import CLOSED, CREATED, RECORDED, REGISTERED, House, exhaust
from tests.unit.chain_writer.nodes import DeafNode


class Killed(BaseException):
    """The process is gone, wherever it was."""


class Crash:
    """Kills at the nth passing of a point, once."""

    def __init__(self, point: str, *, passing: int) -> None:
        self._point = point
        self._left = passing
        self.happened = False

    def __call__(self, point: str) -> None:
        if point == self._point and not self.happened:
            self._left -= 1
            if not self._left:
                self.happened = True
                raise Killed


class Story:
    """A journal on its way to a chain that is deaf at first and loses a block later, worker after worker."""

    def __init__(self, house: House, crash: Crash) -> None:
        self._house = house
        self._crash = crash
        self._node = DeafNode(house.chain.url)
        self._workers = 0
        self._lane = self._hire()

    def tell(self) -> None:
        house = self._house
        self._work()  # bound, signed, and sent to a node that lets nothing through
        house.chain.mine(13)
        self._work()  # overdue: replaced at a higher price
        self._node.deaf = False
        house.chain.mine(3)
        self._work()  # sent again
        before = house.chain.rpc.call("evm_snapshot")
        house.chain.mine()
        self._work()  # seen in a block
        house.chain.rpc.call("evm_revert", before)
        house.chain.mine(2)
        self._work()  # and that block is gone
        for _ in range(60):
            if not house.unsettled():
                break
            house.chain.mine()
            self._work()
        self._node.close()

    def _work(self) -> None:
        try:
            exhaust(self._lane)
            self._lane.rest()
        except Killed:
            self._lane = self._hire()
            self._work()

    def _hire(self) -> Lane:
        # The same owner, as a process that the supervisor starts again under its old name: it need not wait.
        store = self._house.new_store()
        return self._house.lane(
            crash=self._crash, node=self._node, store=store, gas_price_wei=1, gas_price_wei_max=1_000
        )


RESTORING = ("burn", "adopt")  # what only a lane with lost records does: tests of its own


@pytest.mark.parametrize("passing", [1, 2])
@pytest.mark.parametrize("point", [point for point in CRASH_POINTS if point.split()[-1] not in RESTORING])
def test_a_worker_killed_at_any_point_leaves_each_effect_to_happen_once(house: House, point: str, passing: int) -> None:
    # given work of every sort, and a signer that can pay
    house.chain.rpc.call("anvil_setBalance", house.chain.signer, hex(10**18))
    house.company()
    house.campaign()
    for number in range(3):
        house.fund(f"investment-{number}")
    house.fund("bad", wallet="0x" + "00" * 20)
    house.close(raised=30_000)
    house.follow()
    crash = Crash(point, passing=passing)

    # when
    Story(house, crash).tell()

    # then
    assert crash.happened or passing > 1, f"the story never passes {point}"
    assert house.questions.counts() == {"landed": 6, "rejected": 1}
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1
    assert len(house.logs("CampaignFactory", CREATED)) == 1
    assert len(house.logs("campaign", RECORDED)) == 3
    assert len(house.logs("campaign", CLOSED)) == 1
    nonces = [nonce for (nonce,) in house.rows("SELECT nonce FROM writer.slots ORDER BY nonce")]
    assert nonces == list(range(nonces[0], nonces[0] + len(nonces)))
