"""The real parts that tests run on: one PostgreSQL, one Valkey and one chain a session, a fresh database a test."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from abis import Generation
from ops.migrate import migrate
from ops.stack import Chain, Postgres, Valkey
from tests.support.chain import ChainAtHand, deploy_on

TOOLS = Path(__file__).resolve().parent.parent / ".tandem" / "tools"
_numbers = itertools.count()

# Fixtures that start real parts: a test that needs one of them is left to `test`, so that `check` stays quick.
PARTS = frozenset({"postgres", "database", "empty_database", "redis_url", "chain_server", "deployed", "chain"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs real parts."""
    for item in items:
        if PARTS & set(getattr(item, "fixturenames", ())):
            item.add_marker("parts")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A cluster whose database `template` has every migration."""
    home = tmp_path_factory.mktemp("postgres")
    server = Postgres(home, password=secrets.token_urlsafe(16))
    server.start()
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE template")
    migrate(server.dsn("template"))
    yield server
    server.stop()


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """The owner's DSN of a fresh, migrated database."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template")
        yield postgres.dsn(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[str]:
    """The owner's DSN of a fresh database without any migration."""
    name = f"empty_{next(_numbers)}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres.dsn(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = Valkey(tmp_path_factory.mktemp("valkey"), password=secrets.token_urlsafe(16))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def chain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A chain that mines when it is told to, so that no test waits for a clock."""
    server = Chain(tmp_path_factory.mktemp("chain"), tools=TOOLS, block_time_s=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def deployed(chain_server: Chain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainAtHand]:
    chain = deploy_on(chain_server.url, plan=tmp_path_factory.mktemp("plan") / "plan.json")
    yield chain
    chain.rpc.close()


@pytest.fixture
def chain(deployed: ChainAtHand) -> Iterator[ChainAtHand]:
    """The chain with the contracts, as it was right after their deployment, mining on demand."""
    snapshot = deployed.rpc.call("evm_snapshot")
    yield deployed
    deployed.rpc.call("evm_revert", snapshot)


@pytest.fixture
def generation(chain: ChainAtHand) -> Generation:
    return chain.generation
