"""The running house as its clients see it: commands by role, and waiting for what the journal says."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.wallets import Challenge
from ops.supervisor import House
from tests.support.wait import until
from tests.support.wallets import key_of, signed, wallet_of

DIGEST = "ab" * 32

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


class Platform:
    """Every command is taken, or the test fails."""

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
        """The topics of a stream so far, oldest first; none while nobody has told anything of it."""
        headers = {"Authorization": f"Bearer {self.keys['auditor']}"}
        answer = self.http.get(f"/v1/streams/{stream}/timeline", headers=headers, params={"limit": 200})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return []
        assert answer.is_success, answer.text
        return [entry["topic"] for entry in answer.json()["items"]]

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
