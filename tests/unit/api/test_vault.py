"""Personal data over HTTP: kept by its person, read with a reason, never in the journal, and gone when it is erased."""

from __future__ import annotations

from contextlib import closing
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from api import personal
from api import vault as vaults
from api.sealing import Keyring, KeyringInvalid
from api.vault import Erasures, Rewrapped, Vault
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


def seat(house: ApiHouse, keyring: Keyring) -> Vault:
    """A seat at the vault with another keyring than the API's."""
    store = VaultStore(as_room(house.database, "api"))
    try:
        return Vault(store, keyring, chance=token_bytes, clock=house.clock)
    except KeyringInvalid:
        store.close()
        raise


def fields_of(vault: Vault, story: Story) -> dict[str, str]:
    kept = vault.read(UUID(story.investor))
    assert kept is not None
    return kept.fields


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
        rows = owner.execute("SELECT subject, reader, reason FROM api.vault_readings").fetchall()
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
    [
        ({"shoe_size": "forty-and-a-half"}, "/shoe_size"),
        ({"name": ["Selamawit"]}, "/name"),
        ({"birth_date": "1990-02-30"}, "/birth_date"),
        ({"birth_date": "19900201"}, "/birth_date"),
        ({"email": "selam"}, "/email"),
        ({"email": f"s@{'x' * 190}"}, "/email"),
        ({"phone": "0911 22 33 44"}, "/phone"),
        ({"nationality": "Ethiopia"}, "/nationality"),
        ({}, None),
    ],
)
def test_what_is_not_known_of_persons_is_refused(
    house: ApiHouse, story: Story, body: dict[str, Any], pointer: str | None
) -> None:
    problem = refused(put(house, story.investor, body), 400, "body-not-acceptable")
    assert [fault["pointer"] for fault in problem["errors"]] == ([pointer] if pointer else [])
    assert not any(str(value) in str(problem) for value in body.values())  # told by place, never by value
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


def test_an_export_has_the_data_its_readers_and_every_entry_of_the_person(house: ApiHouse) -> None:
    story = Story(house).invested().pay()
    done(put(house, story.investor, PERSON))
    done(read(house, "compliance", path_of(story.investor), **{"X-Reason": "yearly review"}))
    house.project()
    export = done(read(house, "investor", f"{path_of(story.investor)}/export"))
    assert (export["fields"], export["revision"]) == (PERSON, 1)
    assert [(r["reader"], r["reason"]) for r in export["readings"]] == [("compliance", "yearly review")]
    assert export["investments"] == [story.investment]
    assert len(export["payments"]) == 1
    with closing(JournalReader(as_room(house.database, "api"), codec=codec())) as journal:
        assert export["position"] == journal.head()
        whole = {*_positions(journal, story.investor), *_positions(journal, story.investment)}
        whole |= set(_positions(journal, export["payments"][0]))
    assert {entry["position"] for entry in export["entries"]} == whole
    topics = {entry["topic"] for entry in export["entries"]}
    assert {"investor.registered", "investment.committed", "investment.funded", "payment.recorded"} <= topics


def _positions(journal: JournalReader, stream: str) -> list[int]:
    return [entry.position for entry in journal.stream(UUID(stream))]


def test_an_export_waits_for_the_book_and_says_so_when_that_is_behind(
    house: ApiHouse, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal, "BOOK_WAIT_S_MAX", 0.1)
    refused(read(house, "investor", f"{path_of(story.investor)}/export"), 503, "book-behind")
    house.project()
    assert done(read(house, "investor", f"{path_of(story.investor)}/export"))["investments"] == []


def test_of_whom_nothing_is_kept_the_journal_is_exported_all_the_same(house: ApiHouse) -> None:
    story = Story(house).join()
    house.project()
    refused(read(house, "investor", path_of(story.investor)), 404, "not-found")
    export = done(read(house, "investor", f"{path_of(story.investor)}/export"))
    assert (export["fields"], export["revision"]) == ({}, 0)
    assert export["entries"][0]["topic"] == "investor.registered"


def test_what_was_changed_in_the_database_is_told_and_never_shown(
    house: ApiHouse, story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    house.owner("UPDATE api.vault_persons SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)")
    problem = refused(read(house, "investor", path_of(story.investor)), 500, "vault-damaged")
    assert story.investor in problem["detail"]
    assert f"the vault is damaged: {story.investor}: the sealed data does not open" in caplog.text
    refused(put(house, story.investor, {}), 400, "body-not-acceptable")
    done(put(house, story.investor, {"name": "Selamawit B."}))  # what is put is sealed anew
    assert read(house, "investor", path_of(story.investor)).json()["fields"] == {"name": "Selamawit B."}


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
        assert owner.execute("SELECT count(*) FROM api.vault_persons").fetchone() == (0,)
        assert owner.execute("SELECT subject FROM api.vault_erasures").fetchall() == [(UUID(story.investor),)]


def test_the_states_and_the_book_are_the_same_whether_a_person_is_erased_or_not(house: ApiHouse) -> None:
    story = Story(house).invested().pay()
    done(put(house, story.investor, PERSON))
    house.project()
    streams = [UUID(story.investor), UUID(story.investment), UUID(story.campaign)]
    before = [_folded(house, stream) for stream in streams]
    shown = read(house, "auditor", f"/v1/investments/{story.investment}").json()
    erase(house, story.investor)
    after = [_folded(house, stream) for stream in streams]
    assert after == [msgspec.structs.replace(before[0], erased=True), *before[1:]]
    house.project()
    assert read(house, "auditor", f"/v1/investments/{story.investment}").json() == shown


def _folded(house: ApiHouse, stream: UUID) -> Any:
    """A state, folded from the journal alone."""
    state: Any = None
    with closing(JournalReader(as_room(house.database, "api"), codec=codec())) as journal:
        for entry in journal.stream(stream):
            state = entry.event.apply(state)
    return state


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
        assert owner.execute("SELECT count(*) FROM api.vault_persons").fetchone() == (0,)


def test_an_erasure_that_dies_at_its_last_stroke_has_destroyed_nothing_yet(house: ApiHouse, story: Story) -> None:
    done(house.post("compliance", f"/v1/investors/{story.investor}:erase", {"reason": "asked for"}))
    house.owner("ALTER TABLE api.vault_erasing ADD CONSTRAINT dies CHECK (position = 0)")
    with closing(erasing(house)) as first, pytest.raises(psycopg.errors.CheckViolation):
        first.run()
    with closing(VaultStore(as_room(house.database, "api"))) as store:
        assert store.find(UUID(story.investor)) is not None
        assert not store.is_erased(UUID(story.investor))
        house.owner("ALTER TABLE api.vault_erasing DROP CONSTRAINT dies")
        with closing(erasing(house)) as second:
            second.run()
        assert store.find(UUID(story.investor)) is None
        assert store.is_erased(UUID(story.investor))


def test_every_key_is_wrapped_anew_while_the_data_stays_readable(house: ApiHouse, story: Story) -> None:
    other = Story(house).join()
    done(put(house, other.investor, {"name": "Other"}))
    with closing(seat(house, LATER)) as vault:
        batch = vault.rewrap(after=UUID(int=0))
        assert (batch.changed, batch.damaged) == (2, ())
        assert batch.last == max(UUID(story.investor), UUID(other.investor))
        assert vault.rewrap(after=batch.last) == Rewrapped(changed=0, damaged=(), last=None)
        assert fields_of(vault, story) == PERSON
    alone = Keyring(current="later", keys={"later": LATER.keys["later"]})
    with closing(seat(house, alone)) as vault:
        assert fields_of(vault, other) == {"name": "Other"}


def test_a_running_api_reads_its_keys_anew_when_a_rotation_went_past_it(house: ApiHouse, story: Story) -> None:
    assert read(house, "investor", path_of(story.investor)).json()["fields"] == PERSON  # by the keys of before
    house.keyring = LATER
    with closing(seat(house, LATER)) as vault:
        assert vault.rewrap(after=UUID(int=0)).changed == 1
    assert done(read(house, "investor", path_of(story.investor)))["fields"] == PERSON
    assert done(put(house, story.investor, {"name": "Selamawit B."}))["revision"] == 2


def test_a_rotation_that_was_stopped_goes_on_where_keys_are_left(
    house: ApiHouse, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [Story(house).join() for _ in range(2)]
    for other in others:
        done(put(house, other.investor, {"name": "Other"}))
    monkeypatch.setattr(vaults, "PERSONS_PER_STEP_MAX", 1)
    with closing(seat(house, LATER)) as stopped:
        assert stopped.rewrap(after=UUID(int=0)).changed == 1
        assert fields_of(stopped, story) == PERSON
    monkeypatch.undo()
    with closing(seat(house, LATER)) as resumed:
        assert resumed.rewrap(after=UUID(int=0)).changed == 2
        assert [fields_of(resumed, each) for each in (story, *others)] == [PERSON, {"name": "Other"}, {"name": "Other"}]


def test_a_key_that_does_not_open_is_named_and_bars_no_other(house: ApiHouse, story: Story) -> None:
    other = Story(house).join()
    done(put(house, other.investor, {"name": "Other"}))
    house.owner(f"UPDATE api.vault_persons SET wrapped_key = '\\x00' WHERE subject = '{story.investor}'")
    with closing(seat(house, LATER)) as vault:
        batch = vault.rewrap(after=UUID(int=0))
        assert (batch.changed, batch.damaged) == (1, (UUID(story.investor),))


def test_data_that_is_put_during_a_rotation_does_not_bring_the_old_wrapping_back(house: ApiHouse, story: Story) -> None:
    with closing(VaultStore(as_room(house.database, "api"))) as store, closing(seat(house, LATER)) as vault:
        seen = store.find(UUID(story.investor))
        assert seen is not None
        assert vault.rewrap(after=UUID(int=0)).changed == 1
        late = msgspec.structs.replace(seen, revision=2)  # wrapped as it was before
        assert store.put(late, at=house.clock())
        assert store.wrapped_by() == {"later": 1}


def test_another_key_of_the_same_name_opens_no_vault(house: ApiHouse, story: Story) -> None:
    stranger = Keyring(current="test", keys={"test": b"x" * 32})
    with pytest.raises(KeyringInvalid, match="'test' is not the one that this database was used with"):
        seat(house, stranger)
    assert read(house, "investor", path_of(story.investor)).json()["fields"] == PERSON


def test_a_keyring_without_a_key_that_is_needed_opens_no_vault(house: ApiHouse, story: Story) -> None:
    lacking = Keyring(current="later", keys={"later": b"l" * 32})
    with pytest.raises(KeyringInvalid, match="keys of persons are wrapped by test"):
        seat(house, lacking)
    assert read(house, "investor", path_of(story.investor)).json()["fields"] == PERSON


def test_two_who_change_the_same_data_do_not_overwrite_each_other(house: ApiHouse, story: Story) -> None:
    with closing(VaultStore(as_room(house.database, "api"))) as store:
        seen = store.find(UUID(story.investor))
        assert seen is not None
        assert store.put(msgspec.structs.replace(seen, revision=2), at=house.clock())
        assert not store.put(msgspec.structs.replace(seen, revision=2), at=house.clock())
