"""The API as a process: the app over its parts, served by uvicorn until it is told to stop."""

from __future__ import annotations

import threading
from contextlib import suppress

import psycopg
import uvicorn

from api.app import make_app
from api.commands import Place
from api.keys import Keys
from api.reconciled_store import Reconciliations
from chain_indexer.questions import Questions as IndexerQuestions
from chain_writer.questions import Questions as WriterQuestions
from ops.heartbeats import Troubles
from ops.processes import Heart, Told
from ops.settings import Settings
from ops.vault import keyring_of, vault_of
from ops.wiring import clock, ledger_on, reader_on
from projections.queries import Book

HEADERS_BYTES_MAX = 16 * 1024
KEEP_ALIVE_S = 30
DRAIN_S_MAX = 10  # for the requests under way when it is told to stop
CONNECTIONS_MAX = 2_000
BACKLOG = 2_048


def run_api(settings: Settings) -> int:
    """Serve until SIGTERM. Starts without its database too, and is not ready until that is there."""
    dsn = settings.dsn("api")
    # Keys that cannot be read or are the wrong ones are told now, not to the first person.
    keyring_of(settings)
    with suppress(psycopg.Error):
        vault_of(settings).close()
    app = make_app(
        ledger=ledger_on(settings, "api"),
        book=Book(dsn),
        keys=Keys(dsn, clock=clock),
        reader_factory=lambda: reader_on(settings, "api"),
        writer_questions=lambda: WriterQuestions(dsn),
        indexer_questions=lambda: IndexerQuestions(dsn),
        vault=lambda: vault_of(settings),
        reconciliations=lambda: Reconciliations(dsn),
        troubles=lambda: Troubles(dsn),
        lag_max=settings.lag_max,
        place=Place(settings.platform, settings.generation().chain_id),
        clock=clock,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.api_host,
            port=settings.api_port,
            http="httptools",
            loop="uvloop",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=CONNECTIONS_MAX,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=DRAIN_S_MAX,
            h11_max_incomplete_event_size=HEADERS_BYTES_MAX,
        )
    )
    stop = threading.Event()
    heart = Heart(dsn, "api", [Told("http")], stop=stop)
    thread = threading.Thread(target=heart.run, name="heart", daemon=True)
    thread.start()
    try:
        server.run()
    finally:
        stop.set()
        thread.join()
    return 0 if server.started else 1
