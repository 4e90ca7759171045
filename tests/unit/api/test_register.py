"""The register over HTTP: at any position or moment, page by page, for those whose it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain import commands as c
from tests.support.wallets import wallet_of
from tests.unit.api.house import ApiHouse, done, fact, refused
from tests.unit.api.steps import Story

NEW_WALLET = wallet_of("another")


def _reissue(story: Story) -> int:
    """The certificate goes to a new wallet. The position at which the chain showed it."""
    path = f"/v1/investments/{story.investment}"
    body = {"kind": "reissue", "wallet": NEW_WALLET, "reason": "a lost key", "evidence": "ab" * 32}
    change = done(story.house.post("compliance", f"{path}/certificate-changes", body))["id"]
    story.house.keys["second"] = story.house.mint("second", roles=["compliance"])
    approved = done(story.house.post("second", f"{path}/certificate-changes/{change}:approve"))
    confirmed = story.house.machine(
        "indexer",
        c.ConfirmCertificateChange(
            investment_id=UUID(story.investment), change_id=UUID(change), on_chain=fact(approved["position"])
        ),
    )
    assert confirmed.position is not None
    return confirmed.position


def test_the_register_tells_every_period_and_the_cap_table_what_stood_when(story: Story) -> None:
    story.invested().pay().close().certify()
    issued = story.house.head()
    moved = _reissue(story)
    story.house.project()
    campaign = f"/v1/campaigns/{story.campaign}"
    page = story.house.get("issuer", f"{campaign}/holders").json()
    told = [(one["position"], one["began"], one["to_position"], one["ended"]) for one in page["items"]]
    assert told == [(issued, "issued", moved, "reissued"), (moved, "reissued", None, None)]
    assert page["at_position"] == moved
    assert [one["wallet"] for one in page["items"]] == [wallet_of("holder"), NEW_WALLET]
    for at, wallets in ((issued - 1, []), (issued, [wallet_of("holder")]), (moved, [NEW_WALLET])):
        lines = story.house.get("issuer", f"{campaign}/cap-table", at=at).json()
        assert ([line["wallet"] for line in lines["items"]], lines["at_position"]) == (wallets, at)
        standing = story.house.get("issuer", f"{campaign}/holders", at=at, standing="true").json()["items"]
        assert [one["wallet"] for one in standing] == wallets
    over_all = story.house.get("auditor", f"/v1/companies/{story.company}/holders").json()
    assert over_all["items"] == page["items"]


def test_a_moment_stands_for_the_last_position_recorded_by_then(story: Story) -> None:
    story.invested().pay().close().certify()
    story.house.project()
    path = f"/v1/campaigns/{story.campaign}/cap-table"
    (line,) = story.house.get("issuer", path, at=datetime.now(UTC).isoformat()).json()["items"]
    before = datetime.fromisoformat(line["held_since"]) - timedelta(microseconds=1)
    page = story.house.get("issuer", path, at=before.isoformat()).json()
    assert page["items"] == []
    assert 0 < page["at_position"] < line["position"]
    to_come = (story.house.clock() + timedelta(hours=1)).isoformat()
    refused(story.house.get("issuer", path, at=to_come), 400, "parameter-not-acceptable")
    refused(story.house.get("issuer", path, at=10_000), 503, "book-behind")


@pytest.mark.parametrize(
    "given",
    ["yesterday", "2027-01-31", "2027-01-31T12:00:00", "2027-13-31T12:00:00Z", "0001-01-01T00:00:00+23:00", "-1"],
)
def test_what_is_neither_position_nor_moment_with_a_zone_is_refused(shared: ApiHouse, given: str) -> None:
    path = "/v1/campaigns/0e1f7a52-6c5b-5f0e-9d6a-5b0c6a1f4d22/holders"
    problem = refused(shared.get("auditor", path, at=given), 400, "parameter-not-acceptable")
    assert [fault["pointer"] for fault in problem["errors"]] == ["at"]


def test_certificates_are_for_their_investor_their_issuer_and_whoever_sees_all(story: Story) -> None:
    story.invested().pay().close().certify()
    moved = _reissue(story)
    story.house.project()
    (one,) = story.house.get("auditor", "/v1/certificates", state="active").json()["items"]
    assert (one["id"], one["shares"], one["token_id"]) == (story.investment, 100, str(UUID(story.investment).int))
    assert (one["held"]["wallet"], one["held"]["position"], one["held"]["began"]) == (NEW_WALLET, moved, "reissued")
    assert [(change["kind"], change["state"]) for change in one["changes"]] == [("reissue", "confirmed")]
    for who, given in (("issuer", {"campaign_id": story.campaign}), ("investor", {"investor_id": story.investor})):
        assert story.house.get(who, "/v1/certificates", **given).json()["items"] == [one]
        assert story.house.get(who, f"/v1/certificates/{story.investment}").json() == one
    assert story.house.get("auditor", "/v1/certificates", state="revoked").json()["items"] == []
    story.house.keys["stranger"] = story.house.mint("stranger", roles=["issuer", "investor"])
    refused(story.house.get("stranger", "/v1/certificates", campaign_id=story.campaign), 403, "not-yours")
    refused(story.house.get("stranger", f"/v1/certificates/{story.investment}"), 404, "not-found")
    refused(story.house.get("stranger", f"/v1/companies/{story.company}/holders"), 404, "not-found")
    refused(story.house.get("investor", f"/v1/campaigns/{story.campaign}/holders"), 403, "not-yours")
