"""What a platform promises beyond the straight road, on both ledgers, ending in agreement.

A full campaign with a waiting list, money in parts and too much of it, an investor who withdraws, a release by
milestones, and a certificate whose wallet is lost: on a whole house, through a node that speaks as Polygon Edge does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.wallets import Challenge
from ops.keys import mint
from ops.reconcile import reconcile
from ops.supervisor import House
from tests.support.wait import until
from tests.support.wallets import key_of, signed, wallet_of

pytestmark = pytest.mark.slow

DIGEST = "ab" * 32


class Platform:
    """The running house as its clients see it: commands by role, and waiting for what the journal says."""

    def __init__(self, house: House) -> None:
        self.keys = dict(house.keys)
        self.http = httpx.Client(base_url=house.api_url, timeout=30)

    def do(self, role: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.keys[role]}", "Idempotency-Key": uuid4().hex}
        response = self.http.post(path, headers=headers, json=body)
        assert response.is_success, f"{path}: {response.text}"
        answer: dict[str, Any] = response.json()
        return answer

    def ask(self, role: str, path: str, **parameters: Any) -> dict[str, Any]:
        response = self.http.get(path, headers={"Authorization": f"Bearer {self.keys[role]}"}, params=parameters)
        assert response.is_success, f"{path}: {response.text}"
        found: dict[str, Any] = response.json()
        return found

    def topics(self, stream: str) -> list[str]:
        """The topics of a stream so far, oldest first."""
        timeline = self.ask("auditor", f"/v1/streams/{stream}/timeline", limit=200)
        return [entry["topic"] for entry in timeline["items"]]

    def wait(self, stream: str, topic: str, *, times: int = 1) -> None:
        until(lambda: self.topics(stream).count(topic) >= times, f"{topic} of {stream}")

    def company(self, tax_number: str) -> str:
        body = {
            "legal_name": "Awash Dairy PLC",
            "tax_number": tax_number,
            "sector": "agriculture",
            "registration_year": 2018,
            "wallet": wallet_of("awash"),
        }
        company: str = self.do("issuer", "/v1/companies", body)["id"]
        path = f"/v1/companies/{company}"
        document = self.do("issuer", f"{path}/documents", {"kind": "articles", "sha256": DIGEST})["id"]
        self.do("compliance", f"{path}/documents/{document}:approve")
        position = self.do("issuer", f"{path}:submit-kyb")["position"]
        content = self.ask("compliance", path, min_position=position)["documents_hash"]
        self.do("compliance", f"{path}:approve-kyb", {"documents_hash": content})
        self.wait(company, "company.registration_confirmed")
        return company

    def campaign(self, company: str, **terms: Any) -> str:
        body = {"company_id": company, "title": "A creamery", "terms": TERMS | terms}
        campaign: str = self.do("issuer", "/v1/campaigns", body)["id"]
        path = f"/v1/campaigns/{campaign}"
        position = self.do("issuer", f"{path}:submit")["position"]
        content = self.ask("compliance", path, min_position=position)["terms_hash"]
        self.do("compliance", f"{path}:approve", {"terms_hash": content})
        self.wait(campaign, "campaign.deployment_confirmed")
        return campaign

    def investor(self, name: str) -> str:
        investor: str = self.do("investor", "/v1/investors", {"reference": name})["id"]
        path = f"/v1/investors/{investor}"
        position = self.do("investor", f"{path}:challenge-wallet", {"wallet": wallet_of(name)})["position"]
        asked = self.ask("investor", f"{path}/challenge", min_position=position)
        message = asked["typed_data"]["message"]
        challenge = Challenge(
            wallet=message["wallet"],
            nonce=asked["nonce"],
            domain=asked["typed_data"]["domain"]["name"],
            chain_id=asked["typed_data"]["domain"]["chainId"],
            expires_at=datetime.fromisoformat(message["expires"]),
        )
        signature = signed(UUID(investor), challenge, key=key_of(name), scheme="eip712")
        body = {"nonce": asked["nonce"], "scheme": "eip712", "signature": signature}
        self.do("investor", f"{path}:bind-wallet", body)
        self.do("compliance", f"{path}:approve-kyc", {"level": "basic"})
        return investor

    def commit(self, campaign: str, investor: str, amount: int) -> str:
        body = {
            "campaign_id": campaign,
            "investor_id": investor,
            "amount": str(amount),
            "acknowledgements": [{"kind": "risk", "text": DIGEST}],
        }
        investment: str = self.do("investor", "/v1/investments", body)["id"]
        return investment

    def pay(self, investment: str, amount: int) -> dict[str, Any]:
        body = {"provider": "bank", "reference": uuid4().hex, "amount": str(amount), "currency": "ETB"}
        return self.do("treasury_maker", f"/v1/investments/{investment}/payments", body)


TERMS: dict[str, Any] = {
    "currency": "ETB",
    "funding_goal": "300000",
    "minimum": "10000",
    "cap": "300000",
    "share_price": "1000",
    "duration_s": 86_400,
    "success_threshold_bps": 7_500,
    "fee_bps": 250,
    "rule_pack": "local@1",
    "oversubscription": "first_come",
    "milestones": [{"name": "the building", "bps": 6_000}, {"name": "the machines", "bps": 4_000}],
}


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
