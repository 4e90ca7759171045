"""What a platform promises beyond the straight road, on both ledgers, ending in agreement.

A full campaign with a waiting list, money in parts and too much of it, an investor who withdraws, a release by
milestones, and a certificate whose wallet is lost: on a whole house, through a node that speaks as Polygon Edge does.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from ops.keys import mint
from ops.reconcile import reconcile
from ops.supervisor import House
from tests.support.platform import DIGEST, Platform
from tests.support.wait import until
from tests.support.wallets import wallet_of

pytestmark = pytest.mark.slow


@pytest.fixture
def platform(edge_house: House) -> Iterator[Platform]:
    platform = Platform(edge_house)
    name = f"second-{uuid4().hex[:8]}"
    platform.keys["second"] = mint(edge_house.settings, principal=name, roles=["compliance"], days=1)
    yield platform
    platform.http.close()


def test_everything_off_the_straight_road_ends_the_same_on_both_ledgers(platform: Platform, edge_house: House) -> None:
    campaign = platform.campaign(platform.company(f"ET-{uuid4().hex}"))
    almaz, bekele, chaltu = (platform.investor(f"{name}-{uuid4().hex}") for name in ("almaz", "bekele", "chaltu"))
    first = platform.commit(campaign, almaz, 200_000)
    second = platform.commit(campaign, bekele, 100_000)
    third = platform.commit(campaign, chaltu, 100_000)
    assert "campaign.commitment_waitlisted" in platform.topics(campaign)

    # Almaz pays in two parts, and 5,000 too much; what is too much goes back on a second person's word.
    platform.pay(first, 150_000)
    too_much = platform.pay(first, 55_000)["id"]
    platform.do("treasury_checker", f"/v1/payments/{too_much}:return", {"return_reference": "back-1"})
    # Bekele pays, and withdraws once the chain has it: the chain drops the investment, the money goes back.
    platform.pay(second, 100_000)
    platform.wait(second, "investment.recording_confirmed")
    platform.do("investor", f"/v1/investments/{second}:cancel", {"reason": "changed my mind"})
    platform.wait(second, "investment.refund_confirmed")
    # Chaltu was waiting and has a place now.
    platform.wait(third, "investment.admitted")
    platform.pay(third, 100_000)
    for investment in (first, third):
        platform.wait(investment, "investment.recording_confirmed")

    path = f"/v1/campaigns/{campaign}"
    platform.do("operator", f"{path}:close", {"reason": "enough"})
    platform.wait(campaign, "campaign.closing_confirmed")
    for number, (amount, fee) in enumerate([(175_500, 4_500), (117_000, 3_000)], start=1):
        release = platform.do("treasury_maker", f"{path}/releases", {})["id"]
        position = platform.do("treasury_checker", f"{path}/releases/{release}:approve")["position"]
        platform.wait(campaign, "campaign.release_confirmed", times=number)
        shown = platform.ask("issuer", f"{path}/releases", min_position=position)["items"][-1]
        assert (int(shown["amount"]), int(shown["fee"])) == (amount, fee)
    assert "company.exclusivity_released" in platform.topics(platform.ask("issuer", path)["company_id"])

    # Chaltu has lost her wallet: the same certificate, for another one.
    platform.wait(third, "investment.certificate_confirmed")
    lost = {"kind": "reissue", "reason": "lost key", "evidence": DIGEST, "wallet": wallet_of("chaltu's new one")}
    change = platform.do("compliance", f"/v1/investments/{third}/certificate-changes", lost)["id"]
    position = platform.do("second", f"/v1/investments/{third}/certificate-changes/{change}:approve")["position"]
    platform.wait(third, "investment.certificate_change_confirmed")
    assert platform.ask("investor", f"/v1/investments/{third}", min_position=position)["holder"] == lost["wallet"]

    statuses = [platform.ask("auditor", f"/v1/investments/{i}")["status"] for i in (first, second, third)]
    assert statuses == ["certified", "refunded", "certified"]
    until(lambda: reconcile(edge_house.settings).ok, "journal, book and chain agree")
