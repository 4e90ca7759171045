"""Commands in: from a client's request to the journal and back. What is asked twice under one key happens once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Body, Nothing, pointer_to, read_body
from api.desk import Desk
from api.errors import Fault, RightMissing, RuleBroken, TryAgain
from api.keys import Key
from api.reading import read_object
from api.requests import (
    DRY_RUN,
    body_bytes,
    expected_version,
    given_correlation,
    idempotency_key,
    parameters,
    path_ids,
)
from domain.commands import ALLOWED, Command
from domain.errors import Refusal
from domain.journal import Actor, CommandKey, Envelope, JournalReader, Ledger, Outcome

COMMAND_S_MAX = 15.0  # longer than the journal itself waits for a lost database
COMMAND_AFTER_S = 1
CORRELATIONS = UUID("8e7a0a34-4a0e-5b53-9d1d-6d3f0e0c2b77")  # the namespace of derived correlation ids, for ever

_canonical = msgspec.json.Encoder(order="sorted").encode


class Place(msgspec.Struct, frozen=True):
    """Where this platform is, for what wallets sign: its name, and the chain of its contracts."""

    domain: str
    chain_id: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a client says in a command. `seed` names this one request of this client: ids are derived from it."""

    ids: dict[str, UUID]
    body: Any
    seed: str
    place: Place


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The command that a request is, the stream it is about, and the id of what it makes where that is another."""

    command: Command
    stream: UUID
    made: UUID | None = None


class CommandRoute(msgspec.Struct, frozen=True, kw_only=True):
    """One command as a route. `when` says in which states it is allowed, in words for a client.

    `location` is where what it makes is found; None where it makes nothing new.
    """

    path: str
    name: str
    summary: str
    command: type[Command]
    body: type[Body]
    plan: Callable[[Asked], Plan]
    when: str
    location: str | None = None

    @property
    def roles(self) -> frozenset[str]:
        """The roles of clients that may give it."""
        return ALLOWED[self.command]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Where one event of the command came to stand."""

    position: int
    topic: str
    stream: UUID
    version: int


class CommandAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a command left in the journal. `position` is null and `events` empty when it was so already."""

    id: UUID
    version: int
    position: int | None
    events: list[Event]
    replayed: bool


class ForeseenEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that would be recorded; it has no position."""

    topic: str
    stream: UUID
    version: int


class RehearsalAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a command would leave in the journal, decided on all up to `position`. Nothing was recorded."""

    id: UUID
    dry_run: bool
    position: int
    events: list[ForeseenEvent]


class Commands:
    """Takes every command of the route table."""

    def __init__(self, ledger: Ledger, journal: Desk[JournalReader], place: Place) -> None:
        self._place = place
        self._ledger = ledger
        self._journal = journal

    async def take(self, route: CommandRoute, request: Request, key: Key) -> Response:
        """Read, record and answer one command. Raises what `api.problems` knows to tell."""
        actor = Actor(key.principal, _role(route, key))
        name = idempotency_key(request)
        version = expected_version(request)
        dry_run = parameters(request, (DRY_RUN,)).get("dry_run", False)
        ids = path_ids(request.path_params)
        raw = await body_bytes(request)
        body = read_body(route.body, read_object(raw) if raw or route.body is not Nothing else {})
        plan = route.plan(Asked(ids=ids, body=body, seed=f"{key.principal}\n{name}", place=self._place))
        envelope = Envelope(
            command=plan.command,
            actor=actor,
            key=CommandKey(key.scope, name),
            fingerprint=fingerprint(route, ids, body, version=version, principal=key.principal),
            correlation_id=given_correlation(request) or uuid5(CORRELATIONS, f"{key.scope}\n{name}"),
            expected_version=None if version is None else (plan.stream, version),
        )
        if dry_run:
            return await self._rehearse(plan, envelope, body)
        outcome = await self._record(envelope, body)
        return await self._answer(route, plan, outcome, envelope)

    async def _rehearse(self, plan: Plan, envelope: Envelope, body: Body) -> Response:
        """The same up to the decision; nothing is recorded, and the key may be used for the command itself."""
        try:
            rehearsed = await self._journal.ask(lambda reader: self._ledger.rehearse(envelope, reader=reader))
        except Refusal as refusal:
            raise _placed(refusal, body) from None
        answer = RehearsalAnswer(
            id=plan.made or plan.stream,
            dry_run=True,
            position=rehearsed.position,
            events=[ForeseenEvent(topic=e.topic, stream=e.stream, version=e.version) for e in rehearsed.events],
        )
        headers = {"Ledger-Position": str(rehearsed.position), "X-Correlation-Id": str(envelope.correlation_id)}
        return Response(msgspec.json.encode(answer), media_type="application/json", headers=headers)

    async def _record(self, envelope: Envelope, body: Body) -> Outcome:
        try:
            async with asyncio.timeout(COMMAND_S_MAX):
                return await self._ledger.submit_async(envelope)
        except TimeoutError:
            detail = "the command is still being recorded; ask again with the same key"
            raise TryAgain("still-recording", detail, after_s=COMMAND_AFTER_S) from None
        except Refusal as refusal:
            raise _placed(refusal, body) from None

    async def _answer(self, route: CommandRoute, plan: Plan, outcome: Outcome, envelope: Envelope) -> Response:
        version, position = await self._standing(plan.stream, outcome)
        made = plan.made or plan.stream
        answer = CommandAnswer(
            id=made,
            version=version,
            position=outcome.position,
            events=[
                Event(position=e.position, topic=e.topic, stream=e.stream, version=e.version) for e in outcome.events
            ],
            replayed=outcome.replayed,
        )
        headers = {
            "Ledger-Position": str(position),
            "ETag": f'"v{version}"',
            "Idempotency-Replayed": str(outcome.replayed).lower(),
            "X-Correlation-Id": str(envelope.correlation_id),
        }
        created = route.location is not None and bool(outcome.events)
        if created:
            assert route.location is not None
            headers["Location"] = route.location.format(id=plan.stream)
        return Response(
            msgspec.json.encode(answer),
            status_code=201 if created else 200,
            media_type="application/json",
            headers=headers,
        )

    async def _standing(self, stream: UUID, outcome: Outcome) -> tuple[int, int]:
        """The version that the command left its stream at, and the position from which that can be read."""
        own = [event for event in outcome.events if event.stream == stream]
        if own:
            assert outcome.position is not None
            return own[-1].version, outcome.position
        # It was so already, or only other streams heard of it: the stream is as its last entry left it.
        entries = await self._journal.ask(lambda reader: reader.stream(stream))
        assert entries, f"a command about stream {stream} was handled, but there is no such stream"
        return entries[-1].version, outcome.position or entries[-1].position


def fingerprint(route: CommandRoute, ids: dict[str, UUID], body: Body, *, version: int | None, principal: str) -> bytes:
    """SHA-256 of what was asked, by whom, whatever its spelling: the same key with another one is refused."""
    path = route.path.format(**ids)
    content = body.model_dump(mode="json")
    return sha256(_canonical(["POST", path, content, version, principal])).digest()


def _role(route: CommandRoute, key: Key) -> str:
    """The hat that the key wears for this command. Raises RightMissing when none fits."""
    fitting = sorted(route.roles.intersection(key.roles))
    if not fitting:
        allowed = ", ".join(sorted(route.roles))
        raise RightMissing(
            "role-not-allowed",
            f"this command is for {allowed}; the key has {', '.join(key.roles)}",
            fields={"roles": sorted(route.roles)},
        )
    return fitting[0]


def _placed(refusal: Refusal, body: Body) -> RuleBroken:
    """The refusal with the place in the body of the field that it names."""
    field = refusal.fields.get("field")
    pointer = pointer_to(body, field) if isinstance(field, str) else None
    faults = [Fault(pointer, refusal.code, refusal.text)] if pointer else []
    return RuleBroken(refusal.code, refusal.text, faults=faults, fields=refusal.fields)
