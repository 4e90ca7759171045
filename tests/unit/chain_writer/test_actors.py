"""dramatiq over a real Valkey: a message drives a lane, hints do not pile up, and nothing rests on any of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from dramatiq.brokers.redis import RedisBroker

from chain_writer.actors import QUEUE, LaneWorker, Waker, broker_on
from chain_writer.driving import Built, Lanes
from chain_writer.sweep import Sweep
from ops.stack.part import free_port
from tests.support.wait import until
from tests.unit.chain_writer.house import LANE, REGISTERED, House


@pytest.fixture
def empty_redis(redis_url: str) -> Iterator[str]:
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    yield redis_url
    client.close()


def test_a_message_wakes_a_lane_and_its_work_lands(house: House, empty_redis: str) -> None:
    # given a worker process and a sweep, as they run
    position = house.company()
    house.follow()

    def build(name: str) -> Built:
        lane = house.lane(name)
        return Built(lane, lambda: None)

    lanes = Lanes(build, [LANE], away=(), clock=lambda: house.now)
    worker = LaneWorker(broker_on(empty_redis), lanes.drive, threads=2)
    waker = Waker(broker_on(empty_redis))
    sweep = Sweep(house.new_store(), waker.wake)
    worker.start()

    # when the sweep wakes and the chain mines
    def landed() -> bool:
        sweep.step()
        house.chain.mine()
        return house.story(position).state == "landed"

    until(landed, "the registration landed")

    # then
    worker.close()
    waker.close()
    lanes.close()
    assert waker.unheard == 0
    assert len(house.logs("IssuerRegistry", REGISTERED)) == 1


def test_hints_do_not_pile_up_while_nobody_hears_them(empty_redis: str) -> None:
    waker = Waker(broker_on(empty_redis))
    for _ in range(50):
        waker.wake("lane-0")
        waker.wake("lane-1")

    assert waiting(empty_redis) == 2
    waker.close()


def test_a_lane_that_is_being_driven_may_be_woken_again(empty_redis: str) -> None:
    driven: list[str] = []
    waker = Waker(broker_on(empty_redis))
    waker.wake("lane-0")
    worker = LaneWorker(broker_on(empty_redis), driven.append, threads=1)
    worker.start()
    until(lambda: driven == ["lane-0"], "the first message was heard")

    waker.wake("lane-0")

    until(lambda: driven == ["lane-0", "lane-0"], "the second message was heard")
    worker.close()
    waker.close()


def test_waking_without_redis_is_counted_and_never_raises() -> None:
    waker = Waker(broker_on(f"redis://127.0.0.1:{free_port()}/0"))

    waker.wake("lane-0")
    waker.wake("lane-0")

    assert waker.unheard == 2
    waker.close()


def test_a_worker_without_redis_starts_and_stops(house: House) -> None:
    # given no Redis at all
    worker = LaneWorker(broker_on(f"redis://127.0.0.1:{free_port()}/0"), lambda _: None, threads=1)
    worker.start()
    position = house.company()
    house.follow()
    lane = house.lane()
    lanes = Lanes(lambda _: Built(lane, lambda: None), [LANE], away=(), clock=lambda: house.now)

    # when only the net under the messages drives
    def landed() -> bool:
        lanes.drive(LANE)
        house.chain.mine()
        return house.story(position).state == "landed"

    until(landed, "the registration landed")
    worker.close()
    lanes.close()


def test_importing_declares_nothing_and_a_broker_has_no_middleware(empty_redis: str) -> None:
    broker = broker_on(empty_redis)

    assert broker.get_declared_actors() == set()
    assert broker.middleware == []
    assert isinstance(broker, RedisBroker)
    broker.client.close()


def waiting(url: str) -> int:
    client = redis.Redis.from_url(url)
    count = client.llen(f"dramatiq:{QUEUE}")
    client.close()
    assert isinstance(count, int)
    return count
