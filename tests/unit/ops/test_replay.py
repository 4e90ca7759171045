"""The journal read again: what was when, what changed, what followed."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from domain.campaign import Campaign
from domain.journal import Entry, JournalReader
from domain.topics import codec
from ops import replay, replayed
from ops.errors import OperatorError
from ops.replay import NothingFound
from ops.settings import Settings
from tests.support.roles import as_room
from tests.support.story import ledger_on, named, succeed


@pytest.fixture
def told(database: str) -> str:
    with ledger_on(database) as ledger:
        succeed(ledger)
    return database


def _entries(dsn: str) -> list[Entry]:
    reader = JournalReader(as_room(dsn, "book"), codec=codec())
    try:
        return reader.read(after=0, limit=1_000)
    finally:
        reader.close()


def _campaign(dsn: str) -> list[Entry]:
    stream = named("a/campaign")
    return [entry for entry in _entries(dsn) if entry.stream == stream]


def test_a_stream_is_shown_as_it_stood_at_each_of_its_positions(told: str) -> None:
    state: Campaign | None = None
    for entry in _campaign(told):
        state = entry.event.apply(state)
        assert state is not None
        answer = replay.stream(Settings(database_url=told), entry.stream, at=str(entry.position), since=None)
        (shown,) = answer.things.values()
        assert (shown["status"], shown["raised"], shown["version"]) == (state.status, state.raised, entry.version)


def test_a_moment_is_the_last_position_recorded_by_then(told: str) -> None:
    entries = _campaign(told)
    at = entries[2].meta.at
    together = max(entry.position for entry in _entries(told) if entry.meta.at == at)
    settings = Settings(database_url=told)
    assert replay.stream(settings, entries[2].stream, at=at.isoformat(), since=None).position == together
    early = _entries(told)[0].meta.at - timedelta(days=1)
    with pytest.raises(NothingFound, match="at position 0"):
        replay.stream(settings, entries[0].stream, at=early.isoformat(), since=None)


def test_what_changed_is_told_field_by_field_with_the_entries_that_did_it(told: str) -> None:
    entries = _campaign(told)
    first, last = entries[0].position, entries[-1].position
    answer = replay.stream(Settings(database_url=told), entries[0].stream, at=str(last), since=str(first))
    changes = {change.field: (change.before, change.after) for change in answer.changes}
    assert changes["status"][0] == "draft"
    assert changes["version"] == (1, len(entries))
    assert [step.position for step in answer.steps] == [entry.position for entry in entries[1:]]


def test_a_views_rows_are_those_of_the_position_and_one_may_be_asked_for(told: str) -> None:
    settings, stream = Settings(database_url=told), named("a/campaign")
    drafted = _campaign(told)[0].position
    (row,) = replay.view(settings, "campaigns", at=str(drafted), since=None, key=None).things.values()
    assert row["status"] == "draft"
    answer = replay.view(settings, "campaigns", at=None, since=str(drafted), key=str(stream))
    assert {change.name for change in answer.changes} == {f"campaigns/{stream}"}
    assert "status" in {change.field for change in answer.changes}
    assert (
        sum(
            row["amount"]
            for row in replay.view(settings, "escrow", at=None, since=None, key=None).things.values()
            if "account" in row
        )
        == 0
    )


def test_a_trace_follows_causes_and_confirmations_and_names_where_each_came_from(told: str) -> None:
    approved = next(entry for entry in _campaign(told) if entry.topic == "campaign.approved")
    answer = replay.correlation(Settings(database_url=told), approved.meta.correlation_id)
    topics = {step.topic: step for step in answer.steps}
    assert "campaign.approved" in topics
    assert topics["campaign.deployment_confirmed"].after == approved.position


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"at": "999999", "since": None}, "the journal ends at position"),
        ({"at": "yesterday", "since": None}, "is no position and no moment"),
        ({"at": "2026-03-01T12:00:00", "since": None}, "has no time zone"),
        ({"at": "3", "since": "5"}, "turn them round"),
    ],
)
def test_what_is_no_place_in_the_journal_is_told_with_what_to_write(
    told: str, asked: dict[str, str | None], why: str
) -> None:
    with pytest.raises(NothingFound, match=why):
        replay.stream(Settings(database_url=told), named("a/campaign"), at=asked["at"], since=asked["since"])


def test_views_keys_correlations_and_formats_that_are_not_there_are_refused(told: str) -> None:
    settings = Settings(database_url=told)
    with pytest.raises(NothingFound, match="there is no view 'loans'"):
        replay.view(settings, "loans", at=None, since=None, key=None)
    with pytest.raises(NothingFound, match="has no row 'x'"):
        replay.view(settings, "due", at=None, since=None, key="x")
    with pytest.raises(NothingFound, match="no entry has the correlation"):
        replay.correlation(settings, named("nothing"))
    with pytest.raises(OperatorError, match="there is no format 'xml'"):
        replayed.show(replay.Replayed(position=1), form="xml")


def test_json_and_csv_say_the_same(told: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer = replay.stream(Settings(database_url=told), named("a/campaign"), at=None, since=None)
    replayed.show(answer, form="json")
    (thing,) = json.loads(capsys.readouterr().out)["things"].values()
    replayed.show(answer, form="csv")
    rows = {row["field"]: row["value"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert rows.keys() == thing.keys()
    assert rows["status"] == thing["status"]
    replayed.show(answer, form="text")
    assert thing["title"] in capsys.readouterr().out
