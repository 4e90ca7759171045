"""The database goes away and comes back: what is asked meanwhile hears 503, and everything works again afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from domain.errors import JournalCorrupt
from ops.stack import Postgres
from tests.support.wait import until
from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.steps import COMPANY, Story


@pytest.fixture
def away(postgres: Postgres, house: ApiHouse) -> Callable[[], object]:
    """Takes the house's database away for the length of a `with`."""
    name = conninfo_to_dict(house.database)["dbname"]

    @contextmanager
    def taken() -> Iterator[None]:
        with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as owner:
            owner.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            try:
                yield
            finally:
                owner.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    return taken


def test_a_database_without_the_guards_of_the_journal_is_refused_at_the_start(database: str) -> None:
    house = ApiHouse(database)
    house.owner("DROP TRIGGER refuse_holes ON journal.entries")

    async def start() -> None:
        async with house.app.router.lifespan_context(house.app):
            pass

    with pytest.raises(JournalCorrupt, match="refuse_holes"):
        asyncio.run(start())


def _cut_connections(house: ApiHouse) -> None:
    house.owner(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def test_connections_that_are_cut_are_made_anew_without_anybody_noticing(story: Story) -> None:
    house = story.house
    story.register()
    house.project()
    paths = ("/v1/companies", "/v1/events", f"/v1/streams/{story.company}/timeline", "/v1/operations/1")
    for _ in range(3):
        house.ahead += timedelta(minutes=1)  # so that keys are looked up again
        _cut_connections(house)
        assert [house.get("auditor", path).status_code for path in paths] == [200] * len(paths)
        _cut_connections(house)
        assert done(house.post("issuer", f"/v1/companies/{story.company}/documents", _document(house)))["events"]


def _document(house: ApiHouse) -> dict[str, str]:
    return {"kind": "licence", "sha256": f"{int(house.ahead.total_seconds()):064x}"}


def test_while_it_is_away_commands_hear_503_and_the_same_key_settles_it_afterwards(
    house: ApiHouse, away: Callable[[], contextmanager[None]]
) -> None:
    house.get("issuer", "/v1/me")
    with away():
        response = house.post("issuer", "/v1/companies", COMPANY, key="k")
        refused(response, 503, "journal-unavailable")
        assert response.headers["Retry-After"]
    until(lambda: house.post("issuer", "/v1/companies", COMPANY, key="k").status_code == 201, "the command recorded")
    items = house.get("auditor", "/v1/events").json()["items"]
    assert [item["topic"] for item in items] == ["company.registered"]


def test_while_it_is_away_questions_hear_503_and_are_answered_again_afterwards(
    house: ApiHouse, away: Callable[[], contextmanager[None]]
) -> None:
    house.get("auditor", "/v1/me")
    with away():
        for path in ("/v1/companies", "/v1/events", "/v1/operations/1"):
            response = house.get("auditor", path)
            refused(response, 503, "database-unavailable")
            assert response.headers["Retry-After"]
    until(lambda: house.get("auditor", "/v1/companies").status_code == 200, "questions answered again")
    assert house.get("auditor", "/v1/events").status_code == 200


def test_a_key_that_cannot_be_looked_up_is_neither_taken_nor_called_unknown(
    house: ApiHouse, away: Callable[[], contextmanager[None]]
) -> None:
    with away():
        refused(house.get("issuer", "/v1/me"), 503, "database-unavailable")
    until(lambda: house.get("issuer", "/v1/me").status_code == 200, "the key taken")


def test_while_it_is_away_the_process_lives_is_not_ready_and_still_has_its_own_figures(
    house: ApiHouse, away: Callable[[], contextmanager[None]]
) -> None:
    with away():
        assert house.http.get("/healthz").status_code == 200
        ready = house.http.get("/readyz")
        assert ready.status_code == 503
        assert ready.json() == {
            "ready": False,
            "reasons": ["the database cannot be reached"],
            "journal_position": None,
            "book_position": None,
            "book_lag": None,
        }
        assert house.figure("tandem_ready") == 0
        assert house.figure("tandem_ledger_commands_total") == 0
    until(lambda: house.http.get("/readyz").status_code == 200, "ready again")
    assert house.figure("tandem_ready") == 1
