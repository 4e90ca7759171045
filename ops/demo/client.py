"""A client of the public API: each step under a key of its own, tried again with that same key until it is answered."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from ops.demo.errors import ApiAway, CommandRefused

COMMANDS_AT_ONCE_MAX = 32
READS_AT_ONCE_MAX = 4
ANSWER_S_MAX = 30.0  # of one request
AWAY_S_MAX = 180.0  # how long one step is tried before the API is taken for gone
PAUSE_S_MIN = 0.05
PAUSE_S_MAX = 2.0

# Not a verdict on the request: the same one is sent again. 500 is not among them: the API has a defect then.
AGAIN = frozenset({429, 502, 503, 504})


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a command left behind. `position` is None when it changed nothing; `took_s` includes every attempt."""

    id: str
    version: int
    position: int | None
    replayed: bool
    took_s: float
    attempts: int


class Tally(msgspec.Struct):
    """What this client has done so far. `replayed`: answered from the record of an earlier attempt of the same key."""

    commands: int = 0
    attempts: int = 0
    replayed: int = 0
    reads: int = 0


class Client:
    """One client with a key for each role. Use as an async context manager."""

    def __init__(self, url: str, *, keys: dict[str, str], run_id: str, chance: random.Random) -> None:
        self.tally = Tally()
        self.book_position = 0
        self._keys = keys
        self._run_id = run_id
        self._chance = chance
        trust = ssl.create_default_context()

        def line(connections: int) -> httpx.AsyncClient:
            limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
            return httpx.AsyncClient(base_url=url, timeout=ANSWER_S_MAX, verify=trust, limits=limits)

        self._for_reading = line(READS_AT_ONCE_MAX)
        # One connection each: a pool of many looks through all of them for each request, which costs more than sending.
        self._lines = [line(1) for _ in range(COMMANDS_AT_ONCE_MAX)]
        self._free: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for each in self._lines:
            self._free.put_nowait(each)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in (self._for_reading, *self._lines):
            await line.aclose()

    async def command(self, role: str, path: str, body: Mapping[str, object] | None = None, *, step: str) -> Answer:
        """Give a command once, however often it must be sent. `step` names it within this run."""
        headers = {"Authorization": f"Bearer {self._keys[role]}", "Idempotency-Key": f"demo-{self._run_id}-{step}"}
        line = await self._free.get()
        began_s = time.monotonic()  # waiting for a line of our own is not the API's time
        try:
            response, attempts = await self._insist(line, "POST", path, step=step, headers=headers, json=body)
        finally:
            self._free.put_nowait(line)
        took_s = time.monotonic() - began_s
        answer = response.json()
        self.tally.commands += 1
        self.tally.attempts += attempts
        self.tally.replayed += bool(answer["replayed"])
        return Answer(
            id=answer["id"],
            version=answer["version"],
            position=answer["position"],
            replayed=answer["replayed"],
            took_s=took_s,
            attempts=attempts,
        )

    async def read(self, role: str, path: str, *, min_position: int | None = None, **parameters: Any) -> dict[str, Any]:
        """Ask a question; with `min_position` the answer knows at least that entry."""
        headers = {"Authorization": f"Bearer {self._keys[role]}"}
        if min_position is not None:
            parameters["min_position"] = min_position
        response, _ = await self._insist(
            self._for_reading, "GET", path, step=f"GET {path}", headers=headers, params=parameters
        )
        self.tally.reads += 1
        self.book_position = max(self.book_position, int(response.headers.get("Ledger-Position", 0)))
        found: dict[str, Any] = response.json()
        return found

    async def _insist(
        self, line: httpx.AsyncClient, method: str, path: str, *, step: str, **request: Any
    ) -> tuple[httpx.Response, int]:
        """Send until it is answered. Raises CommandRefused for a verdict, ApiAway when no answer comes in time."""
        deadline_s = time.monotonic() + AWAY_S_MAX
        pause_s, attempts = PAUSE_S_MIN, 0
        while True:
            attempts += 1
            wait_s = pause_s
            try:
                response = await line.request(method, path, **request)
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__}"
            else:
                if response.is_success:
                    return response, attempts
                if response.status_code not in AGAIN:
                    raise CommandRefused(step, response.status_code, _problem(response))
                trouble = f"{response.status_code}"
                wait_s = max(pause_s, _retry_after_s(response))
            if time.monotonic() + wait_s > deadline_s:
                raise ApiAway(f"{step}: no answer within {AWAY_S_MAX:.0f} s and {attempts} attempts ({trouble})")
            await asyncio.sleep(min(wait_s, PAUSE_S_MAX) * self._chance.uniform(0.5, 1))
            pause_s = min(pause_s * 2, PAUSE_S_MAX)


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        problem = response.json()
    except ValueError:
        return {"detail": response.text[:200]}
    return problem if isinstance(problem, dict) else {"detail": str(problem)[:200]}


def _retry_after_s(response: httpx.Response) -> float:
    given = response.headers.get("Retry-After", "")
    return float(given) if given.isdecimal() else 0.0
