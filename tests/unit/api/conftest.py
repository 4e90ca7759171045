"""The API as its clients meet it: a real server over a real journal and book, with a key for each role."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from ops.stack import Postgres
from tests.unit.api.house import ApiHouse
from tests.unit.api.steps import Story


@pytest.fixture
def house(database: str) -> Iterator[ApiHouse]:
    """A server on a fresh database."""
    with ApiHouse(database) as running:
        yield running


@pytest.fixture
def story(house: ApiHouse) -> Story:
    """A story that has not begun, on a fresh house."""
    return Story(house)


@pytest.fixture(scope="module")
def shared(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[ApiHouse]:
    """A server for tests that need no fresh one: one a file."""
    name = f"shared_{request.path.stem}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template")
        with ApiHouse(postgres.dsn(name)) as running:
            yield running
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def live(shared: ApiHouse) -> Story:
    """On the shared server: a live campaign, and an investor who may commit. For requests that change nothing."""
    return Story(shared).live().join().approve_kyc()


@pytest.fixture(scope="module")
def funded(shared: ApiHouse) -> Story:
    """On the shared server: a live campaign with one investment that is funded."""
    return Story(shared).invested().pay()
