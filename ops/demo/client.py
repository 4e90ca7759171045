"""A client of the public API: each step under a key of its own, tried again with that same key until it is answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from ops.demo.errors import ApiAway, CommandRefused

CONNECTIONS_MAX = 32  # commands under way at once
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
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(ANSWER_S_MAX),
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX),
        )
        self._slots = asyncio.Semaphore(CONNECTIONS_MAX)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def command(self, role: str, path: str, body: Mapping[str, object] | None = None, *, step: str) -> Answer:
        """Give a command once, however often it must be sent. `step` names it within this run."""
        headers = {"Authorization": f"Bearer {self._keys[role]}", "Idempotency-Key": f"demo-{self._run_id}-{step}"}
        began_s = time.monotonic()
        async with self._slots:
            response, attempts = await self._insist("POST", path, step=step, headers=headers, json=body)
        answer = response.json()
        self.tally.commands += 1
        self.tally.attempts += attempts
        self.tally.replayed += bool(answer["replayed"])
        return Answer(
            id=answer["id"],
            version=answer["version"],
            position=answer["position"],
            replayed=answer["replayed"],
            took_s=time.monotonic() - began_s,
            attempts=attempts,
        )

    async def read(self, role: str, path: str, *, min_position: int | None = None, **parameters: Any) -> dict[str, Any]:
        """Ask a question; with `min_position` the answer knows at least that entry."""
        headers = {"Authorization": f"Bearer {self._keys[role]}"}
        if min_position is not None:
            parameters["min_position"] = min_position
        response, _ = await self._insist("GET", path, step=f"GET {path}", headers=headers, params=parameters)
        self.tally.reads += 1
        self.book_position = max(self.book_position, int(response.headers.get("Ledger-Position", 0)))
        found: dict[str, Any] = response.json()
        return found

    async def _insist(self, method: str, path: str, *, step: str, **request: Any) -> tuple[httpx.Response, int]:
        """Send until it is answered. Raises CommandRefused for a verdict, ApiAway when no answer comes in time."""
        deadline_s = time.monotonic() + AWAY_S_MAX
        pause_s, attempts = PAUSE_S_MIN, 0
        while True:
            attempts += 1
            wait_s = pause_s
            try:
                response = await self._http.request(method, path, **request)
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
