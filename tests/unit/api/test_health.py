"""Health, figures and the access log: what operators see of the API."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from api import front
from api.metrics import FIGURES
from tests.support.wait import until
from tests.unit.api.house import ApiHouse, done
from tests.unit.api.steps import COMPANY, Story


def test_a_book_near_the_head_is_ready(story: Story) -> None:
    story.register()
    story.house.project()
    response = story.house.http.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "reasons": [],
        "journal_position": 1,
        "book_position": 1,
        "book_lag": 0,
    }


def test_a_book_too_far_behind_is_not_ready_and_says_by_how_much(database: str) -> None:
    with ApiHouse(database, lag_max=1) as house:
        Story(house).register().attach()
        response = house.http.get("/readyz")
        assert response.status_code == 503
        assert response.json()["reasons"] == ["the book is 2 positions behind the journal, more than 1"]
        house.project()
        assert house.http.get("/readyz").status_code == 200


def test_a_process_that_lives_says_so(shared: ApiHouse) -> None:
    assert shared.http.get("/healthz").json() == {"alive": True}


def test_the_figures_say_what_was_asked_and_how_the_house_stands(story: Story) -> None:
    house = story.house
    story.register()
    house.project()
    house.get("issuer", f"/v1/companies/{story.company}")
    house.http.get("/nowhere/else")
    house.http.request("PROPFIND", "/v1/companies")
    assert house.figure('tandem_http_requests_total{method="POST",route="/v1/companies",status="201"}') == 1
    assert house.figure('tandem_http_requests_total{method="GET",route="/v1/companies/{id}",status="200"}') == 1
    assert house.figure('tandem_http_requests_total{method="GET",route="(none)",status="404"}') == 1
    assert house.figure('tandem_http_requests_total{method="other",route="(none)",status="405"}') == 1
    assert house.figure('tandem_http_request_seconds_count{route="/v1/companies"}') == 1
    assert house.figure("tandem_ledger_events_total") == 1
    assert house.figure("tandem_journal_position") == 1
    assert house.figure("tandem_book_position") == 1
    assert house.figure("tandem_book_lag") == 0


def test_the_figures_of_writer_and_indexer_are_read_from_what_they_stored(house: ApiHouse) -> None:
    block = "0x" + "ab" * 32
    house.owner(
        "INSERT INTO indexer.checkpoint (generation, block_number, block_hash, parent_hash, block_timestamp_s,"
        " head_number, head_hash, head_timestamp_s, finality_depth)"
        f" VALUES ('g', 7, '{block}', '{block}', 1, 9, '{block}', 1, 1)"
    )
    assert house.figure("tandem_indexer_block") == 7
    assert house.figure("tandem_indexer_head_block") == 9
    assert house.figure("tandem_indexer_foreign_logs") == 0
    assert "# HELP tandem_writer_queued" in house.http.get("/metrics").text
    house.owner("INSERT INTO writer.unknown_replies (text, seen) VALUES ('the moon is full', 3)")
    assert house.figure("tandem_writer_unknown_replies") == 3


def test_the_last_reconciliation_is_among_the_figures(house: ApiHouse) -> None:
    assert "tandem_reconcile" not in house.http.get("/metrics").text
    for differences in (0, 3):
        house.owner(
            "INSERT INTO api.reconciliations (journal_position, differences, pending, kinds, took_s)"
            f" VALUES (5, {differences}, 1, '{{}}', 0.5)"
        )
    assert house.figure("tandem_reconcile_differences") == 3
    assert house.figure("tandem_reconcile_pending") == 1
    assert house.figure("tandem_reconcile_age_seconds") >= 0


def test_a_lane_that_cannot_be_driven_is_among_the_figures_until_its_worker_is_well_or_gone(house: ApiHouse) -> None:
    lanes = 'tandem_loops_troubled{loop="lanes",process="worker"}'

    def beat(instance: str, trouble: str, beat_at: str = "now()") -> None:
        house.owner(
            "INSERT INTO ops.heartbeats (process, instance, loop, position, lag, advanced, trouble, beat_at)"
            f" VALUES ('worker', '{instance}', 'lanes', 0, 1, 0, {trouble}, {beat_at})"
        )

    assert lanes not in house.http.get("/metrics").text
    beat("a:1", "NULL")
    beat("a:2", "'lane-0 waits: Quarantined'", "now() - interval '1 hour'")
    assert house.figure(lanes) == 0
    beat("a:3", "'lane-0 waits: Quarantined'")
    assert house.figure(lanes) == 1


def test_every_figure_is_one_of_the_registry(shared: ApiHouse) -> None:
    lines = shared.http.get("/metrics").text.splitlines()
    told = {line.split()[2] for line in lines if line.startswith("# TYPE") and not line.split()[2].endswith("_created")}
    assert told <= set(FIGURES)


# The log.


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="api.access")
    return caplog


def _lines(log: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines of the requests; a line is written after its answer has gone out."""
    until(lambda: any(record.name == "api.access" for record in log.records), "a line in the log")
    return [vars(record) for record in log.records if record.name == "api.access"]


def test_every_request_is_one_line_in_the_log_without_its_secrets(
    house: ApiHouse, log: pytest.LogCaptureFixture
) -> None:
    response = house.post("issuer", "/v1/companies", COMPANY)
    done(response)
    (line,) = _lines(log)
    assert line["request_id"] == response.headers["X-Request-Id"]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/companies", 201)
    assert (line["principal"], line["problem"]) == ("issuer", None)
    assert line["took_ms"] > 0
    assert house.keys["issuer"] not in str(line)
    assert "Selam" not in str(line)


def test_a_problem_is_named_in_the_log(house: ApiHouse, log: pytest.LogCaptureFixture) -> None:
    house.http.get("/v1/me", headers={"Authorization": "Bearer tdm_" + "A" * 32})
    (line,) = _lines(log)
    assert (line["status"], line["problem"], line["principal"]) == (401, "unauthenticated", None)
    assert "A" * 32 not in str(line)


def test_a_defect_is_logged_with_the_id_that_the_client_hears_and_nothing_else_is_told(
    house: ApiHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.owner("ALTER TABLE book.companies RENAME TO hidden")
    response = house.get("auditor", "/v1/companies")
    problem = response.json()
    assert (response.status_code, problem["code"]) == (500, "internal-error")
    assert "book.companies" not in response.text
    (record,) = [record for record in caplog.records if record.name == front.__name__]
    assert response.headers["X-Request-Id"] in record.getMessage()
    assert record.exc_info is not None
