"""Personal data over HTTP: kept by its person, read with a reason, never in the journal, and gone when it is erased."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from api.sealing import Keyring
from api.vault import Erasures, Vault
from api.vault_store import VaultStore
from domain.journal import JournalReader
from domain.journal.sealing import Tree
from domain.topics import codec
from tests.support.roles import as_room
from tests.unit.api.house import KEYRING, ApiHouse, done, refused
from tests.unit.api.steps import Story

PERSON = {"name": "Selamawit Bekele", "email": "selam@example.org", "birth_date": "1990-02-01"}
LATER = Keyring(current="later", keys={**KEYRING.keys, "later": b"l" * 32})


@pytest.fixture
def story(house: ApiHouse) -> Story:
    story = Story(house).join()
    done(put(house, story.investor, PERSON))
    return story


def path_of(investor: str) -> str:
    return f"/v1/investors/{investor}/personal-data"


def put(house: ApiHouse, investor: str, body: dict[str, Any], *, role: str = "investor") -> Any:
    headers = {"Authorization": f"Bearer {house.keys[role]}"}
    return house.http.put(path_of(investor), json=body, headers=headers)


def read(house: ApiHouse, role: str, path: str, **headers: str) -> Any:
    return house.http.get(path, headers={"Authorization": f"Bearer {house.keys[role]}", **headers})


def erase(house: ApiHouse, investor: str) -> None:
    """Ordered by compliance, and carried out."""
    done(house.post("compliance", f"/v1/investors/{investor}:erase", {"reason": "asked for"}))
    with closing(erasing(house)) as step:
        step.run()


class erasing:  # noqa: N801  # reads as the verb it is
    """The follower that carries erasures out, on connections of its own."""

    def __init__(self, house: ApiHouse) -> None:
        dsn = as_room(house.database, "api")
        self.reader = JournalReader(dsn, codec=codec())
        self.store = VaultStore(dsn)
        self.follower = Erasures(self.reader, self.store, clock=house.clock)

    def run(self) -> None:
        while self.follower.step().advanced:
            pass

    def close(self) -> None:
        self.reader.close()
        self.store.close()


def test_a_person_reads_what_is_kept_of_them(house: ApiHouse, story: Story) -> None:
    found = read(house, "investor", path_of(story.investor))
    assert found.json() == {"id": story.investor, "fields": PERSON, "revision": 1}
    assert found.headers["Cache-Control"] == "no-store"


def test_what_is_put_takes_the_place_of_what_was_kept(house: ApiHouse, story: Story) -> None:
    done(put(house, story.investor, {"name": "Selamawit B."}))
    found = read(house, "investor", path_of(story.investor)).json()
    assert (found["fields"], found["revision"]) == ({"name": "Selamawit B."}, 2)


def test_compliance_reads_with_a_reason_that_is_written_down(house: ApiHouse, story: Story) -> None:
    refused(read(house, "compliance", path_of(story.investor)), 400, "header-not-acceptable")
    found = read(house, "compliance", path_of(story.investor), **{"X-Reason": "yearly review"})
    assert found.json()["fields"] == PERSON
    with psycopg.connect(house.database) as owner:
        rows = owner.execute("SELECT subject, reader, reason FROM api.readings").fetchall()
    assert rows == [(UUID(story.investor), "compliance", "yearly review")]


def test_nobody_else_reads_or_writes_it(house: ApiHouse, story: Story) -> None:
    house.keys["stranger"] = house.mint("stranger", roles=["investor"])
    refused(read(house, "stranger", path_of(story.investor)), 403, "not-yours")
    refused(put(house, story.investor, PERSON, role="stranger"), 403, "not-yours")
    for role in ("issuer", "operator", "auditor", "admin", "treasury_maker", "treasury_checker"):
        refused(read(house, role, path_of(story.investor)), 403, "role-not-allowed")
    refused(put(house, story.investor, PERSON, role="compliance"), 403, "role-not-allowed")
    refused(read(house, "investor", path_of(str(uuid4()))), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"shoe_size": "40"}, "/shoe_size"), ({"name": 7}, "/name"), ({}, None)],
)
def test_what_is_not_known_of_persons_is_refused(
    house: ApiHouse, story: Story, body: dict[str, Any], pointer: str | None
) -> None:
    problem = refused(put(house, story.investor, body), 400, "body-not-acceptable")
    assert [fault["pointer"] for fault in problem["errors"]] == ([pointer] if pointer else [])
    assert read(house, "investor", path_of(story.investor)).json()["fields"] == PERSON


@pytest.mark.parametrize("text", ["x" * 501, "   ", "a\u202eb"])
def test_texts_have_their_bounds(house: ApiHouse, story: Story, text: str) -> None:
    assert refused(put(house, story.investor, {"name": text}), 422, "text-not-acceptable")["field"] == "name"
    assert read(house, "investor", path_of(story.investor)).json()["revision"] == 1


def test_evidence_is_a_hash_that_only_this_person_gives(house: ApiHouse, story: Story) -> None:
    path = f"{path_of(story.investor)}:evidence"
    first = done(house.post("investor", path, {"text": "passport EP1"}))["evidence"]
    assert first == done(house.post("investor", path, {"text": "passport EP1"}))["evidence"]
    assert first != done(house.post("investor", path, {"text": "passport EP2"}))["evidence"]
    done(house.post("investor", f"/v1/investors/{story.investor}:submit-kyc", {"evidence": first}))


def test_an_export_has_the_data_and_every_entry_of_the_person(house: ApiHouse) -> None:
    story = Story(house).invested().pay()
    done(put(house, story.investor, PERSON))
    house.project()
    export = read(house, "investor", f"{path_of(story.investor)}/export").json()
    assert export["fields"] == PERSON
    topics = {entry["topic"] for entry in export["entries"]}
    assert {"investor.registered", "investor.wallet_bound", "investment.committed", "investment.funded"} <= topics
    assert {entry["stream"] for entry in export["entries"]} == {story.investor, story.investment}


def test_erasure_destroys_the_key_and_leaves_the_journal_as_it_was(house: ApiHouse, story: Story) -> None:
    with closing(JournalReader(as_room(house.database, "api"), codec=codec())) as journal:
        before = [(entry.leaf, entry.state) for entry in journal.read(after=0, limit=1_000)]
        erase(house, story.investor)
        after = journal.read(after=0, limit=1_000)
    assert [(entry.leaf, entry.state) for entry in after[: len(before)]] == before
    assert [entry.topic for entry in after[len(before) :]] == ["investor.erased"]
    whole = Tree().grown(entry.leaf for entry in after)
    assert whole == Tree().grown(leaf for leaf, _ in before).grown([after[-1].leaf])
    with psycopg.connect(house.database) as owner:
        assert owner.execute("SELECT count(*) FROM api.persons").fetchone() == (0,)
        assert owner.execute("SELECT subject FROM api.erasures").fetchall() == [(UUID(story.investor),)]


def test_whoever_is_erased_is_gone_for_everybody_at_once(house: ApiHouse, story: Story) -> None:
    done(house.post("compliance", f"/v1/investors/{story.investor}:erase", {"reason": "asked for"}))
    refused(read(house, "investor", path_of(story.investor)), 410, "erased")  # although the key is there still
    with closing(erasing(house)) as step:
        step.run()
    refused(read(house, "investor", path_of(story.investor)), 410, "erased")
    refused(put(house, story.investor, PERSON), 410, "erased")
    reason = {"X-Reason": "curious"}
    refused(read(house, "compliance", f"{path_of(story.investor)}/export", **reason), 410, "erased")


def test_an_erasure_that_dies_halfway_is_carried_out_by_the_next(house: ApiHouse, story: Story) -> None:
    done(house.post("compliance", f"/v1/investors/{story.investor}:erase", {"reason": "asked for"}))
    with closing(erasing(house)) as first:
        first.store.close()  # it dies before anything is destroyed
        with pytest.raises(psycopg.OperationalError):
            first.run()
    with closing(erasing(house)) as second:
        second.run()
        assert second.follower.step().advanced == 0
    with psycopg.connect(house.database) as owner:
        assert owner.execute("SELECT count(*) FROM api.persons").fetchone() == (0,)


def test_every_key_is_wrapped_anew_while_the_data_stays_readable(house: ApiHouse, story: Story) -> None:
    other = Story(house).join()
    done(put(house, other.investor, {"name": "Other"}))
    store = VaultStore(as_room(house.database, "api"))
    with closing(Vault(store, LATER, chance=token_bytes, clock=house.clock)) as vault:
        assert vault.rewrap() == 2
        assert vault.rewrap() == 0
        kept = vault.read(UUID(story.investor))
        assert kept is not None
        assert kept.fields == PERSON
        alone = Keyring(current="later", keys={"later": LATER.keys["later"]})
        again = Vault(store, alone, chance=token_bytes, clock=house.clock).read(UUID(other.investor))
        assert again is not None
        assert again.fields == {"name": "Other"}


def test_nothing_of_a_person_is_in_the_journal_the_tables_or_the_log(
    house: ApiHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    story = Story(house).invested().pay()
    done(put(house, story.investor, PERSON))
    path = f"{path_of(story.investor)}:evidence"
    evidence = done(house.post("investor", path, {"text": PERSON["name"]}))["evidence"]
    done(house.post("investor", f"/v1/investors/{story.investor}:submit-kyc", {"evidence": evidence}))
    refused(put(house, story.investor, PERSON | {"shoe_size": PERSON["email"]}), 400, "body-not-acceptable")
    with psycopg.connect(house.database) as owner:
        for text in _texts(owner):
            assert not any(value.encode() in text for value in PERSON.values())
    assert not any(value in caplog.text for value in PERSON.values())


def _texts(owner: psycopg.Connection[Any]) -> Iterator[bytes]:
    """Every row of the journal, the vault and the API's tables, as bytes."""
    for (state,) in owner.execute("SELECT state FROM journal.entries"):
        yield state
    for sealed, wrapped in owner.execute("SELECT sealed, wrapped_key FROM api.persons"):
        yield sealed + wrapped
    for (row,) in owner.execute("SELECT commands::text FROM journal.commands"):
        yield row.encode()
