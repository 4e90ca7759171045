"""The steps of a story, each given over HTTP by whoever may give it; what the chain would confirm is put in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain import commands as c
from tests.support.wallets import key_of, signed, wallet_of
from tests.unit.api.house import ApiHouse, done, fact

WALLET = "0x00000000000000000000000000000000000000A1"
OTHER_WALLET = wallet_of("holder")
AMOUNT = 1_000_000
DURATION_S = 3600

COMPANY: dict[str, Any] = {
    "legal_name": "Selam Coffee PLC",
    "tax_number": "ET-1",
    "sector": "agriculture",
    "registration_year": 2019,
    "wallet": WALLET,
}
TERMS: dict[str, Any] = {
    "currency": "ETB",
    "funding_goal": str(AMOUNT),
    "minimum": "10000",
    "cap": str(2 * AMOUNT),
    "share_price": "10000",
    "duration_s": DURATION_S,
    "success_threshold_bps": 7500,
    "fee_bps": 250,
    "rule_pack": "local@1",
}
DOCUMENT: dict[str, Any] = {"kind": "licence", "sha256": "ab" * 32}


class Story:
    """What has happened so far, by its ids."""

    def __init__(self, house: ApiHouse, *, issuer: str = "issuer", investor: str = "investor") -> None:
        self.house = house
        self.issuer = issuer
        self.investor_name = investor
        self.company = ""
        self.document = ""
        self.campaign = ""
        self.investor = ""
        self.investment = ""
        self.payment = ""
        self.release = ""

    # Companies.

    def register(self, tax_number: str = "ET-1") -> Story:
        answer = done(self.house.post(self.issuer, "/v1/companies", COMPANY | {"tax_number": tax_number}))
        self.company = answer["id"]
        return self

    def attach(self) -> Story:
        answer = done(self.house.post(self.issuer, f"/v1/companies/{self.company}/documents", DOCUMENT))
        self.document = answer["id"]
        return self

    def submit_kyb(self) -> Story:
        done(self.house.post(self.issuer, f"/v1/companies/{self.company}:submit-kyb"))
        return self

    def approve_kyb(self, **terms: Any) -> Story:
        company = f"/v1/companies/{self.company}"
        done(self.house.post("compliance", f"{company}/documents/{self.document}:approve"))
        approved = done(self.house.post("compliance", f"{company}:approve-kyb", self.kyb_approval() | terms))
        confirmation = c.ConfirmCompanyRegistration(company_id=UUID(self.company), on_chain=fact(approved["position"]))
        self.house.machine("indexer", confirmation)
        return self

    def kyb_approval(self) -> dict[str, Any]:
        """The body that approves the documents as they are."""
        state, _ = self.house.ledger.load(UUID(self.company)) or (None, 0)
        assert state is not None
        return {"documents_hash": state.documents_hash}

    def registered(self, tax_number: str = "ET-1") -> Story:
        return self.register(tax_number).attach().submit_kyb().approve_kyb()

    # Campaigns.

    def draft(self, **terms: Any) -> Story:
        body = {"company_id": self.company, "title": "Growth round", "terms": TERMS | terms}
        self.campaign = done(self.house.post(self.issuer, "/v1/campaigns", body))["id"]
        return self

    def submit(self) -> Story:
        done(self.house.post(self.issuer, f"/v1/campaigns/{self.campaign}:submit"))
        return self

    def approve(self) -> Story:
        state, _ = self.house.ledger.load(UUID(self.campaign)) or (None, 0)
        assert state is not None
        answer = done(
            self.house.post("compliance", f"/v1/campaigns/{self.campaign}:approve", {"terms_hash": state.terms_hash})
        )
        self.house.machine(
            "indexer",
            c.ConfirmDeployment(
                campaign_id=UUID(self.campaign),
                address=WALLET,
                deadline=self.house.clock() + timedelta(seconds=DURATION_S),
                on_chain=fact(answer["position"]),
            ),
        )
        return self

    def live(self, tax_number: str = "ET-1", **terms: Any) -> Story:
        return self.registered(tax_number).draft(**terms).submit().approve()

    # Investors and their money.

    def join(self, *, wallet: str | None = "holder") -> Story:
        """A registered investor; with a wallet of this name bound by its signature, unless there is none."""
        answer = done(self.house.post(self.investor_name, "/v1/investors", {"reference": "person-1"}))
        self.investor = answer["id"]
        return self if wallet is None else self.bind(wallet)

    def bind(self, wallet: str = "holder", *, scheme: str = "eip191") -> Story:
        path = f"/v1/investors/{self.investor}"
        done(self.house.post(self.investor_name, f"{path}:challenge-wallet", {"wallet": wallet_of(wallet)}))
        done(self.house.post(self.investor_name, f"{path}:bind-wallet", self.binding(wallet, scheme=scheme)))
        return self

    def binding(self, wallet: str = "holder", *, scheme: str = "eip191") -> dict[str, Any]:
        """The body that answers the challenge there is, signed by the wallet of this name."""
        state, _ = self.house.ledger.load(UUID(self.investor)) or (None, 0)
        assert state is not None
        assert state.challenge is not None
        signature = signed(state.id, state.challenge, key=key_of(wallet), scheme=scheme)
        return {"nonce": state.challenge.nonce, "scheme": scheme, "signature": signature}

    def approve_kyc(self, **terms: Any) -> Story:
        body = {"level": "basic"} | terms
        done(self.house.post("compliance", f"/v1/investors/{self.investor}:approve-kyc", body))
        return self

    def commitment(self, amount: int = AMOUNT, *, kinds: tuple[str, ...] = ("risk",)) -> dict[str, Any]:
        return {
            "campaign_id": self.campaign,
            "investor_id": self.investor,
            "amount": str(amount),
            "acknowledgements": [{"kind": kind, "text": "cd" * 32} for kind in kinds],
        }

    def commit(self, amount: int = AMOUNT, *, kinds: tuple[str, ...] = ("risk",)) -> Story:
        answer = done(self.house.post(self.investor_name, "/v1/investments", self.commitment(amount, kinds=kinds)))
        self.investment = answer["id"]
        return self

    def pay(self, amount: int = AMOUNT, *, reference: str = "r-1", currency: str = "ETB") -> Story:
        body = {"provider": "bank", "reference": reference, "amount": str(amount), "currency": currency}
        answer = done(self.house.post("treasury_maker", f"/v1/investments/{self.investment}/payments", body))
        self.payment = answer["id"]
        for event in answer["events"]:
            if event["topic"] == "investment.funded":  # it counts, and the chain records it
                recording = c.ConfirmRecording(investment_id=UUID(self.investment), on_chain=fact(event["position"]))
                self.house.machine("indexer", recording)
        return self

    def invested(self, **terms: Any) -> Story:
        return self.live(**terms).join().approve_kyc().commit()

    def close(self) -> Story:
        answer = done(
            self.house.post("operator", f"/v1/campaigns/{self.campaign}:close", {"reason": "the end is reached"})
        )
        closing = c.ConfirmClosing(campaign_id=UUID(self.campaign), on_chain=fact(answer["position"]))
        self.house.machine("indexer", closing)
        return self

    def certify(self) -> Story:
        investment = UUID(self.investment)
        allotted = self.house.machine("process", c.AllotShares(investment_id=investment))
        assert allotted.position is not None
        self.house.machine(
            "indexer",
            c.ConfirmCertificate(
                investment_id=investment, token_id=str(investment.int), on_chain=fact(allotted.position)
            ),
        )
        return self

    def request_release(self) -> Story:
        answer = done(self.house.post("treasury_maker", f"/v1/campaigns/{self.campaign}/releases", {}))
        self.release = answer["id"]
        return self
