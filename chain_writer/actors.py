"""dramatiq on Redis: messages that wake lanes. A message is a hint; losing every one of them costs latency, not work.

Nothing happens at import. A process that wakes makes a `Waker` on a broker; one that drives makes a `LaneWorker`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from redis.backoff import NoBackoff
from redis.retry import Retry

ACTOR = "drive_lane"
QUEUE = "lanes"
HINT_MS = 5_000  # while this long, a lane that was woken and not driven yet is not woken again
HEARTBEAT_MS = 3_000  # a worker that is silent for so long is dead, and its messages are given to others
MAINTENANCE_PER_MILLION = 1_000_000  # look for such workers on each command; at dramatiq's default it takes minutes
WORKER_IDLE_MS = 200
STOP_MS_MAX = 10_000
REDIS_TIMEOUT_S = 2.0

log = logging.getLogger(__name__)


def broker_on(url: str) -> RedisBroker:
    """A broker without middleware: no results, no retries (the sweep is the retry), no time limit (it throws anywhere).

    Nothing is connected yet. Commands fail at once when Redis is away: a hint is not worth waiting for.
    """
    client = redis.Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        middleware=[],
        heartbeat_timeout=HEARTBEAT_MS,
        maintenance_chance=MAINTENANCE_PER_MILLION,
    )


def declare(broker: RedisBroker, drive: Callable[[str], None]) -> dramatiq.Actor[[str], None]:
    """The actor that drives a lane, on a broker. From when it begins, the lane may be woken again."""

    def drive_lane(lane: str) -> None:
        with suppress(redis.RedisError):
            broker.client.delete(_hint(lane))
        drive(lane)

    actor: dramatiq.Actor[[str], None] = dramatiq.actor(broker=broker, actor_name=ACTOR, queue_name=QUEUE)(drive_lane)
    return actor


class Waker:
    """Wakes lanes without ever raising to its caller. `unheard` counts what could not be said."""

    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker
        self._broker.declare_queue(QUEUE)
        self.unheard = 0

    def wake(self, lane: str) -> None:
        """One message a lane waits at a time: without a worker, hints do not pile up."""
        try:
            if self._broker.client.set(_hint(lane), b"1", nx=True, px=HINT_MS):
                self._broker.enqueue(_message(lane))
        except (redis.RedisError, dramatiq.errors.BrokerError) as error:
            if not self.unheard:
                log.warning("lanes are not woken, only swept: %s", type(error).__name__)
            self.unheard += 1

    def close(self) -> None:
        _disconnect(self._broker)


class LaneWorker:
    """A dramatiq worker in this process: its threads call `drive` for each message. It survives the loss of Redis."""

    def __init__(self, broker: RedisBroker, drive: Callable[[str], None], *, threads: int) -> None:
        self._broker = broker
        declare(broker, drive)
        self._worker = dramatiq.Worker(broker, queues={QUEUE}, worker_timeout=WORKER_IDLE_MS, worker_threads=threads)

    def start(self) -> None:
        self._worker.start()

    def close(self) -> None:
        """Let the messages that are being worked on end, give back the others."""
        with suppress(redis.RedisError, dramatiq.errors.BrokerError):
            self._worker.stop(timeout=STOP_MS_MAX)
        _disconnect(self._broker)


def _hint(lane: str) -> str:
    return f"tandem:woken:{lane}"


def _message(lane: str) -> dramatiq.Message[Any]:
    return dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(lane,), kwargs={}, options={})


def _disconnect(broker: RedisBroker) -> None:
    broker.client.close()
    broker.client.connection_pool.disconnect()
