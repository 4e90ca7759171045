"""What is known of a person stays in the vault: after a whole story it is looked for wherever something is written."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.steps import Story

PERSON = {
    "name": "Selamawit Bekele",
    "birth_date": "1990-02-01",
    "address": "Bole Road 17, Addis Ababa",
    "email": "selam@example.org",
    "phone": "+251911223344",
    "document_number": "EP-1234567",
    "income": "410000 a year",
    "net_worth": "2400000 in all",
}
TABLES = """
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables
 WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
"""


def test_nothing_of_a_person_is_in_any_table_log_metric_or_error(
    house: ApiHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    errors = _lived(house)
    house.project()
    with psycopg.connect(house.database) as owner:
        written = list(_written(owner))
    assert any(b"Growth round" in text for text in written)  # what is public is found: the search sees the entries
    written += [caplog.text.encode(), house.http.get("/metrics").content, *errors]
    for value in PERSON.values():
        assert [text for text in written if value.encode() in text] == []


def _lived(house: ApiHouse) -> list[bytes]:
    """A story with everything that touches the vault in it. Returns what its refusals said."""
    story = Story(house).invested().pay()
    person = f"/v1/investors/{story.investor}"
    path = f"{person}/personal-data"
    own = {"Authorization": f"Bearer {house.keys['investor']}"}
    compliance = {"Authorization": f"Bearer {house.keys['compliance']}", "X-Reason": "yearly review"}
    done(house.http.put(path, json=PERSON, headers=own))
    text = PERSON["document_number"]
    evidence = done(house.post("investor", f"{path}:evidence", {"text": text}))["evidence"]
    done(house.post("investor", f"{person}:submit-kyc", {"evidence": evidence}))
    assert done(house.http.get(path, headers=compliance))["fields"] == PERSON
    wrong = [
        house.http.put(path, json=PERSON | {"shoe_size": PERSON["email"]}, headers=own),
        house.http.put(path, json=PERSON | {"email": PERSON["name"]}, headers=own),
        house.http.put(path, json=PERSON | {"nationality": PERSON["phone"]}, headers=own),
        house.http.put(
            path, content=f'{{"name": "{PERSON["name"]}"', headers=own | {"Content-Type": "application/json"}
        ),
    ]
    refused(wrong[0], 400, "body-not-acceptable")
    house.owner("UPDATE api.vault_persons SET sealed = '\\x00'")
    wrong.append(house.http.get(path, headers=own))
    refused(wrong[-1], 500, "vault-damaged")
    done(house.http.put(path, json=PERSON, headers=own))
    return [response.content for response in wrong]


def _written(owner: psycopg.Connection[Any]) -> Iterator[bytes]:
    """Every row of every table as text, and what is kept as bytes as it is."""
    for (table,) in owner.execute(TABLES).fetchall():
        columns = owner.execute(f"SELECT * FROM {table} LIMIT 0").description or []
        for row in owner.execute(f"SELECT * FROM {table}"):
            for column, value in zip(columns, row, strict=True):
                yield bytes(value) if isinstance(value, bytes) else f"{column.name}={value}".encode()
