"""What a client meets who decides about the generation of the chain ledger."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from domain.ledger import ChainGeneration
from tests.unit.api.house import ApiHouse, done, refused
from tests.unit.api.refusing import meets

LEDGER = "/v1/chain-ledger"
LIVING = str(UUID(int=1))
GENERATION: dict[str, Any] = {
    "chain_id": 31_337,
    "genesis_hash": "0x" + "6e" * 32,
    "addresses": {"FundEscrow": "0x52908400098527886E0F7030069857D2E4169EE7"},
    "code_hashes": {"FundEscrow": "0x" + "c0" * 32},
    "start_block": 3,
    "deployed_block": 9,
}
NAMED = str(ChainGeneration(**GENERATION).id)
PROPOSAL: dict[str, Any] = {
    "generation": GENERATION,
    "living": LIVING,
    "compared_position": 7,
    "report_hash": "ab" * 32,
}
APPROVAL = {"generation_id": NAMED, "report_hash": "ab" * 32}


def test_a_promotion_is_proposed_seen_and_approved_by_two_people(house: ApiHouse) -> None:
    assert done(house.get("auditor", LEDGER))["version"] == 0
    meets(house.post("operator", f"{LEDGER}:approve-promotion", APPROVAL), "not-requested")
    done(house.post("operator", f"{LEDGER}:propose-promotion", PROPOSAL))
    meets(house.post("operator", f"{LEDGER}:propose-promotion", PROPOSAL), "already-requested")
    proposed = done(house.get("auditor", LEDGER))["proposal"]
    assert (proposed["generation"]["id"], proposed["report_hash"]) == (NAMED, APPROVAL["report_hash"])
    meets(house.post("operator", f"{LEDGER}:approve-promotion", APPROVAL), "four-eyes")
    other = APPROVAL | {"report_hash": "cd" * 32}
    meets(house.post("compliance", f"{LEDGER}:approve-promotion", other), "approved-otherwise")
    done(house.post("compliance", f"{LEDGER}:approve-promotion", APPROVAL))
    seen = house.get("auditor", LEDGER)
    assert (seen.headers["ETag"], seen.json()["living"]["id"], seen.json()["past"]) == ('"v2"', NAMED, [LIVING])
    meets(house.post("operator", f"{LEDGER}:propose-promotion", PROPOSAL), "wrong-status")


def test_what_describes_no_deployment_is_refused_where_it_stands(shared: ApiHouse) -> None:
    wrong = PROPOSAL | {"generation": GENERATION | {"genesis_hash": "0x12"}}
    meets(shared.post("operator", f"{LEDGER}:propose-promotion", wrong), "generation-not-acceptable", "/generation")
    typed = PROPOSAL | {"generation": GENERATION | {"addresses": {"FundEscrow": "0x12"}}}
    faults = refused(shared.post("operator", f"{LEDGER}:propose-promotion", typed), 400, "body-not-acceptable")
    assert [fault["pointer"] for fault in faults["errors"]] == ["/generation/addresses/FundEscrow"]
    meets(shared.post("issuer", f"{LEDGER}:propose-promotion", PROPOSAL), "role-not-allowed")
