"""A whole API for a test: the real app under a real server, one key a role, the book posted when the test says so."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import psycopg
import uvicorn

from api.app import make_app
from api.commands import Place
from api.keys import Keys
from api.reconciled_store import Reconciliations
from api.sealing import Keyring
from api.vault import Vault
from api.vault_store import VaultStore
from chain_indexer.questions import Questions as IndexerQuestions
from chain_writer.questions import Questions as WriterQuestions
from domain.commands import ROLES
from domain.handlers import decide
from domain.journal import Actor, CommandKey, Envelope, JournalReader, Ledger, Limits, Outcome
from domain.rule_packs import load_packs
from domain.topics import codec
from domain.values import ChainFact
from ops.heartbeats import Troubles
from projections.queries import Book
from projections.runner import Runner
from projections.store import BookStore
from tests.support.roles import as_room
from tests.support.wait import until

KEYRING = Keyring(current="test", keys={"test": b"k" * 32})

_numbers = itertools.count(1)


class ApiHouse:
    """Use as a context manager. `ahead` moves the clock of the house forward."""

    def __init__(self, database: str, *, lag_max: int = 10_000, limits: Limits | None = None) -> None:
        self.database = database
        self.ahead = timedelta(0)
        self.keys: dict[str, str] = {}
        self.keyring = KEYRING
        dsn = as_room(database, "api")
        self.ledger = Ledger(
            dsn,
            codec=codec(),
            decide=decide,
            packs=load_packs(["default", "default-coin", "eu-ecspr", "local", "us-reg-cf"]),
            clock=self.clock,
            limits=limits or Limits(unavailable_s=0.5),
        )
        self.app = make_app(
            ledger=self.ledger,
            book=Book(dsn, pool_size=4),
            keys=Keys(dsn, clock=self.clock),
            reader_factory=lambda: JournalReader(dsn, codec=codec()),
            writer_questions=lambda: WriterQuestions(dsn),
            indexer_questions=lambda: IndexerQuestions(dsn),
            vault=lambda: Vault(VaultStore(dsn), self.keyring, chance=token_bytes, clock=self.clock),
            reconciliations=lambda: Reconciliations(dsn),
            troubles=lambda: Troubles(dsn),
            lag_max=lag_max,
            place=Place("Tandem", 31337),
            clock=self.clock,
        )
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="on", loop="asyncio"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="server")

    def __enter__(self) -> Self:
        for role in sorted(ROLES):
            self.keys[role] = self.mint(role, roles=[role])
        self._thread.start()
        until(lambda: self._server.started or not self._thread.is_alive(), "the server started")
        assert self._server.started, "the server ended while it started"
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, timeout=60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join()

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def mint(self, principal: str, *, roles: list[str], expires_at: datetime | None = None) -> str:
        with psycopg.connect(self.database, autocommit=True) as connection:
            return Keys.mint(connection, principal=principal, roles=roles, expires_at=expires_at)

    def post(self, role: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> httpx.Response:
        """Give a command with the key of a role (or of a principal minted under that name)."""
        own = {"Idempotency-Key": key or f"key-{next(_numbers)}", "Authorization": f"Bearer {self.keys[role]}"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return self.http.post(path, headers=own | given)
        return self.http.post(path, json=body, headers=own | given)

    def get(self, role: str, path: str, **parameters: Any) -> httpx.Response:
        return self.http.get(path, params=parameters or None, headers={"Authorization": f"Bearer {self.keys[role]}"})

    def project(self) -> int:
        """Post the book up to the journal's head. Returns its position."""
        reader = JournalReader(as_room(self.database, "book"), codec=codec())
        store = BookStore(as_room(self.database, "book"))
        try:
            runner = Runner(reader, store)
            while (progress := runner.step()).lag or progress.advanced:
                pass
            return progress.position
        finally:
            store.close()
            reader.close()

    def machine(self, role: str, command: Any) -> Outcome:
        """What the indexer, the writer or a process would have recorded."""
        return self.ledger.handle(
            Envelope(
                command=command,
                actor=Actor(f"the-{role}", role),
                key=CommandKey(f"test:{role}", str(uuid4())),
                fingerprint=bytes(32),
                correlation_id=uuid4(),
            )
        )

    def head(self) -> int:
        """The journal's last position."""
        reader = JournalReader(as_room(self.database, "book"), codec=codec())
        try:
            return reader.head()
        finally:
            reader.close()

    def figure(self, name: str) -> float:
        """One figure of the metrics, by its name with its labels."""
        lines = self.http.get("/metrics").text.splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))

    def owner(self, statement: str) -> None:
        """Do something to the database as its owner."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(statement)


def fact(entry_position: int, *, log_index: int = 0) -> ChainFact:
    """Where a log might stand that confirms an entry."""
    return ChainFact(
        chain_id=31337,
        block_number=100 + entry_position,
        block_hash="0x" + f"{entry_position:064x}",
        tx_hash="0x" + f"{entry_position + 1:064x}",
        log_index=log_index,
        entry_position=entry_position,
    )


def done(response: httpx.Response) -> dict[str, Any]:
    """The answer to a command that must succeed."""
    assert response.is_success, response.text
    answer: dict[str, Any] = response.json()
    return answer


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem of a request that must be refused, after a look at its shape."""
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["code"]) == (status, code), response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["type"] == f"urn:tandem:problem:{code}"
    assert problem["instance"] == f"urn:uuid:{response.headers['X-Request-Id']}"
    assert problem["title"]
    assert problem["cure"]
    assert problem["detail"]
    assert isinstance(problem["errors"], list)
    UUID(response.headers["X-Request-Id"])
    return problem


def fault_of(problem: dict[str, Any]) -> tuple[str, str]:
    """The one fault that a problem names: where and what."""
    (fault,) = problem["errors"]
    return fault["pointer"], fault["code"]
