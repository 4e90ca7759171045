"""The application: the route tables made into an ASGI app. Everything it needs is given; nothing happens at import."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import certificates
from api import metrics as figures
from api.certificates import Certificates
from api.commands import CommandRoute, Commands, Place
from api.desk import Desk
from api.errors import KeyUnknown
from api.front import Front, Seen, unrouted
from api.health import AWAY_OR_LATE, Health
from api.keys import Key, Keys
from api.metrics import Metrics, Snapshot, Troubles
from api.openapi import document
from api.personal import PERSONAL_ROUTES, Personal, PersonalRoute
from api.questions import QuestionRoute, Questions, Sources
from api.reconciled_store import Reconciliations
from api.requests import bearer_token
from api.routes import COMMANDS, QUESTIONS
from api.vault import Vault
from chain_indexer.questions import Questions as IndexerQuestions
from chain_writer.questions import Questions as WriterQuestions
from domain.journal import JournalReader, Ledger
from projections.queries import Book

JOURNAL_SEATS = 4
VAULT_SEATS = 2
SCRAPE_S_MAX = 3.0

Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(
    *,
    ledger: Ledger,
    book: Book,
    keys: Keys,
    reader_factory: Callable[[], JournalReader],
    writer_questions: Callable[[], WriterQuestions],
    indexer_questions: Callable[[], IndexerQuestions],
    vault: Callable[[], Vault],
    reconciliations: Callable[[], Reconciliations],
    troubles: Callable[[], Troubles],
    lag_max: int,
    place: Place,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID] = uuid4,
    stopwatch_s: Callable[[], float] = time.perf_counter,
) -> Starlette:
    """The API over these parts. Its lifespan starts the ledger, opens the book, and closes all of them at its end.

    The factories open a connection each time they are called: the app calls them when first needed, and again
    after a connection was lost.
    """
    sources = Sources(
        book=book,
        journal=Desk(reader_factory, seats=JOURNAL_SEATS, name="journal"),
        writer=Desk(writer_questions, seats=1, name="writer"),
        indexer=Desk(indexer_questions, seats=1, name="indexer"),
        packs=ledger.packs,
        clock=clock,
    )
    vaults = Desk(vault, seats=VAULT_SEATS, name="vault")
    metrics = Metrics(ledger)
    door = _Door(
        keys=keys,
        commands=Commands(ledger, sources.journal, place),
        questions=Questions(sources),
        personal=Personal(vaults, ledger, sources),
    )
    reconciled = Desk(reconciliations, seats=1, name="reconciled")
    troubled = Desk(troubles, seats=1, name="troubles")
    house = _House(Health(book, sources.journal, lag_max=lag_max), metrics, sources, reconciled, troubled)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            await asyncio.to_thread(ledger.start, patient=True)
            await book.open()
            yield
        finally:
            await book.close()
            for part in (ledger, keys, sources.journal, sources.writer, sources.indexer, vaults, reconciled, troubled):
                await asyncio.to_thread(part.close)

    front = Middleware(Front, metrics=metrics, new_id=new_id, stopwatch_s=stopwatch_s)
    routes, unknown = [*_by_path(door), *house.routes()], {HTTPException: unrouted}
    app = Starlette(routes=routes, middleware=[front], exception_handlers=unknown, lifespan=lifespan)
    app.router.redirect_slashes = False
    return app


class _Door:
    """Lets in whoever has a key, and hands each request to what its row of the table says."""

    def __init__(self, *, keys: Keys, commands: Commands, questions: Questions, personal: Personal) -> None:
        self._keys = keys
        self._personal = personal
        self._commands = commands
        self._questions = questions

    def command(self, route: CommandRoute) -> Endpoint:
        async def take(request: Request) -> Response:
            return await self._commands.take(route, request, await self._known(request))

        return take

    def question(self, route: QuestionRoute) -> Endpoint:
        async def take(request: Request) -> Response:
            return await self._questions.take(route, request, await self._known(request))

        return take

    def personal(self, route: PersonalRoute) -> Endpoint:
        async def take(request: Request) -> Response:
            return await self._personal.answer(route, request, await self._known(request))

        return take

    async def _known(self, request: Request) -> Key:
        token = bearer_token(request)
        if token is None:
            raise KeyUnknown("no key came with the request")
        key = await self._keys.verify(token)
        if key is None:
            raise KeyUnknown("the key is unknown, expired or revoked")
        seen: Seen = request.scope["seen"]
        seen.principal, seen.key_id = key.principal, str(key.id)
        return key


class _House:
    """What needs no key: health, metrics, the description of the API, and what certificates say."""

    def __init__(
        self,
        health: Health,
        metrics: Metrics,
        sources: Sources,
        reconciled: Desk[Reconciliations],
        troubled: Desk[Troubles],
    ) -> None:
        self._reconciled = reconciled
        self._troubled = troubled
        self._health = health
        self._metrics = metrics
        self._sources = sources
        self._openapi = msgspec.json.encode(document())

    def routes(self) -> list[Route]:
        endpoints: dict[str, Endpoint] = {
            "/healthz": self.alive,
            "/readyz": self.ready,
            "/metrics": self.measured,
            "/v1/openapi.json": self.described,
            certificates.PATH: Certificates(self._sources).answer,
        }
        return [_route(path, {"GET": endpoint}) for path, endpoint in endpoints.items()]

    async def alive(self, _: Request) -> Response:
        return _json(b'{"alive":true}')

    async def ready(self, _: Request) -> Response:
        readiness = await self._health.readiness()
        return _json(msgspec.json.encode(readiness), status=200 if readiness.ready else 503)

    async def measured(self, _: Request) -> Response:
        return Response(self._metrics.exposition(await self._snapshot()), media_type=figures.MEDIA_TYPE)

    async def described(self, _: Request) -> Response:
        return _json(self._openapi)

    async def _snapshot(self) -> Snapshot:
        """What can be learnt now; a scrape of a house without its database still has this process's own counts."""
        readiness = await self._health.readiness()
        if readiness.book_position is None:
            return Snapshot(readiness=readiness)
        try:
            async with asyncio.timeout(SCRAPE_S_MAX):
                lanes = await self._sources.writer.ask(lambda questions: questions.lanes())
                writer = await self._sources.writer.ask(lambda questions: questions.totals())
                chain = await self._sources.indexer.ask(lambda questions: questions.standing())
                reconciled = await self._reconciled.ask(lambda kept: kept.last())
                troubled = await self._troubled.ask(lambda told: told.by_loop())
        except AWAY_OR_LATE:
            return Snapshot(readiness=readiness)
        return Snapshot(
            readiness=readiness,
            lanes=tuple(lanes),
            writer=writer,
            chain=chain,
            reconciled=reconciled,
            troubled=troubled,
        )


def _by_path(door: _Door) -> list[Route]:
    """One route a path, so that a wrong method hears every method there is."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for command in COMMANDS:
        paths.setdefault(command.path, {})["POST"] = door.command(command)
    for question in QUESTIONS:
        paths.setdefault(question.path, {})["GET"] = door.question(question)
    for personal in PERSONAL_ROUTES:
        paths.setdefault(personal.path, {})[personal.method] = door.personal(personal)
    return [_route(path, endpoints) for path, endpoints in paths.items()]


def _route(path: str, endpoints: dict[str, Endpoint]) -> Route:
    async def dispatch(request: Request) -> Response:
        seen: Seen = request.scope["seen"]
        seen.route = path
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    route = Route(path, dispatch, methods=list(endpoints))
    # An id ends at a colon, where a verb begins, and a path ends at its end, not before a last line break.
    route.path_regex = re.compile(route.path_regex.pattern.replace("[^/]+", "[^/:]+").removesuffix("$") + r"\Z")
    return route


def _json(body: bytes, *, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="application/json")
