"""Keys: minted once, kept as a digest, verified, expired, revoked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest

from api.keys import KNOWN_FOR, Key, KeyRefused, Keys
from domain.commands import MACHINE_ROLES, ROLES
from tests.support.roles import as_room

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Gate:
    """Keys on a database, with a clock in the test's hand."""

    def __init__(self, database: str) -> None:
        self.now = NOON
        self.owner = psycopg.connect(database, autocommit=True)
        self.keys = Keys(as_room(database, "api"), clock=lambda: self.now)

    def mint(self, **given: Any) -> str:
        return Keys.mint(self.owner, **({"principal": "office-7", "roles": ["issuer"]} | given))

    def verify(self, token: str) -> Key | None:
        return asyncio.run(self.keys.verify(token))


@pytest.fixture
def gate(database: str) -> Iterator[Gate]:
    gate = Gate(database)
    yield gate
    gate.keys.close()
    gate.owner.close()


def test_a_minted_key_names_its_principal_and_roles(gate: Gate) -> None:
    key = gate.verify(gate.mint(roles=["treasury_maker", "issuer", "issuer"]))
    assert key is not None
    assert (key.principal, key.roles, key.scope) == ("office-7", ("issuer", "treasury_maker"), "client:office-7")


def test_the_token_is_long_unguessable_and_kept_nowhere(gate: Gate) -> None:
    token, other = gate.mint(), gate.mint()
    assert token != other
    assert token.startswith("tdm_")
    assert len(token) == 36
    stored = gate.owner.execute(
        "SELECT keys::text, token_sha256 FROM api.keys WHERE token_sha256 = %s", (sha256(token.encode()).digest(),)
    ).fetchone()
    assert stored is not None
    assert token not in stored[0]
    assert token not in repr(Keys.listed(gate.owner))


@pytest.mark.parametrize("roles", [[], ["king"], ["issuer", "king"], *([role] for role in sorted(MACHINE_ROLES))])
def test_a_role_that_no_client_has_is_never_given(gate: Gate, roles: list[str]) -> None:
    with pytest.raises(KeyRefused, match="roles"):
        gate.mint(roles=roles)
    assert Keys.listed(gate.owner) == []


@pytest.mark.parametrize("principal", ["", "Office", "of fice", "-x", "x" * 101, "x\n", "\u00e9", "a:b", "a/b"])
def test_a_principal_that_could_be_mistaken_for_something_else_is_refused(gate: Gate, principal: str) -> None:
    with pytest.raises(KeyRefused, match="principal"):
        gate.mint(principal=principal)


def test_the_database_keeps_the_roles_that_the_domain_has(gate: Gate) -> None:
    for role in ROLES:
        gate.mint(roles=[role])
    assert {role for key in Keys.listed(gate.owner) for role in key.roles} == ROLES


def test_a_key_expires_at_its_moment(gate: Gate) -> None:
    token = gate.mint(expires_at=NOON + timedelta(seconds=1))
    assert gate.verify(token) is not None
    gate.now += timedelta(seconds=1)
    assert gate.verify(token) is None


def test_a_revoked_key_is_noticed_within_the_time_that_keys_are_remembered(gate: Gate) -> None:
    token = gate.mint()
    key = gate.verify(token)
    assert key is not None
    assert Keys.revoke(gate.owner, str(key.id))
    gate.now += KNOWN_FOR
    assert gate.verify(token) is None
    assert Keys.listed(gate.owner)[0].revoked_at is not None


def test_a_key_that_was_unknown_is_noticed_within_that_time_too(gate: Gate) -> None:
    token = "tdm_" + "A" * 32
    assert gate.verify(token) is None
    gate.owner.execute(
        "INSERT INTO api.keys (id, token_sha256, principal, roles) VALUES (gen_random_uuid(), %s, 'late', '{issuer}')",
        (sha256(token.encode()).digest(),),
    )
    gate.now += KNOWN_FOR
    assert gate.verify(token) is not None


def test_revoking_twice_keeps_the_first_moment_and_an_unknown_key_is_told_apart(gate: Gate) -> None:
    gate.mint()
    (key,) = Keys.listed(gate.owner)
    assert Keys.revoke(gate.owner, str(key.id))
    first = Keys.listed(gate.owner)[0].revoked_at
    assert Keys.revoke(gate.owner, str(key.id))
    assert Keys.listed(gate.owner)[0].revoked_at == first
    assert not Keys.revoke(gate.owner, "00000000-0000-0000-0000-000000000000")
    assert not Keys.revoke(gate.owner, "nonsense")


def test_a_known_key_costs_no_query_while_it_is_remembered(gate: Gate) -> None:
    token = gate.mint()
    gate.verify(token)
    gate.owner.execute("ALTER TABLE api.keys RENAME TO hidden")
    assert gate.verify(token) is not None
    gate.now += KNOWN_FOR
    with pytest.raises(psycopg.errors.UndefinedTable):
        gate.verify(token)


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO api.keys SELECT * FROM api.keys", "UPDATE api.keys SET roles = '{admin}'", "DELETE FROM api.keys"],
)
def test_the_api_itself_can_change_no_key(database: str, statement: str) -> None:
    with (
        psycopg.connect(as_room(database, "api"), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)
