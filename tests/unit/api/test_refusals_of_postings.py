"""What a client meets who decides about effects that the chain refused for good."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from domain import commands as c
from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.refusing import meets
from tests.unit.api.steps import Story

DECISION: dict[str, Any] = {"entry_position": 7, "reason": "as agreed"}
COIN = 10**18
IN_WEI: dict[str, Any] = {
    "currency": "wei",
    "rule_pack": "default-coin@1",
    "funding_goal": str(1_000 * COIN),
    "minimum": str(100 * COIN),
    "cap": str(2_000 * COIN),
    "share_price": str(COIN),
    "duration_s": 30 * 86_400,
    "success_threshold_bps": 7_500,
    "fee_bps": 250,
}


def reject(house: ApiHouse, stream: str, effect: str) -> None:
    rejection = c.RejectPosting(
        stream=UUID(stream), entry_position=7, code="Overtaken", reason="Overtaken()", effect=effect
    )
    house.machine("writer", rejection)


def test_only_what_was_rejected_is_decided_by_two_people_and_once(shared: ApiHouse) -> None:
    story = Story(shared).registered("RP-1")
    stream = f"/v1/streams/{story.company}"
    meets(shared.post("operator", f"{stream}:release-posting", DECISION), "not-obliged")
    reject(shared, story.company, "update")
    faults = refused(
        shared.post("operator", f"{stream}:release-posting", DECISION | {"entry_position": "x"}),
        400,
        "body-not-acceptable",
    )
    assert [fault["pointer"] for fault in faults["errors"]] == ["/entry_position"]
    meets(shared.post("operator", f"{stream}:approve-abandonment", {"entry_position": 7}), "not-requested")
    done(shared.post("operator", f"{stream}:propose-abandonment", DECISION))
    meets(shared.post("operator", f"{stream}:approve-abandonment", {"entry_position": 7}), "four-eyes")
    meets(shared.post("operator", f"{stream}:release-posting", DECISION), "already-requested")
    done(shared.post("compliance", f"{stream}:approve-abandonment", {"entry_position": 7}))
    meets(shared.post("operator", f"{stream}:release-posting", DECISION), "wrong-status")


def test_nobody_goes_on_without_coin(shared: ApiHouse) -> None:
    story = Story(shared).registered("RP-2").draft(**IN_WEI).submit().approve()
    story.join().approve_kyc().commit(100 * COIN)
    reject(shared, story.investment, "record-refund")
    meets(shared.post("operator", f"/v1/streams/{story.investment}:propose-abandonment", DECISION), "coin-on-chain")
