"""The calls: each is a function of a committed contract, and carries its values in the contract's own order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from eth_abi.abi import decode

from abis import calls
from abis.artifacts import abi_of, artifact
from abis.calls import SIGNATURES, CertificateMember, InvestmentMember, RefundMember, selector
from abis.generation import CONTRACTS
from abis.ids import to_bytes32

CONTRACT_OF = {
    "register": "IssuerRegistry",
    "update": "IssuerRegistry",
    "setActive": "IssuerRegistry",
    "lock": "IssuerRegistry",
    "unlock": "IssuerRegistry",
    "createCampaign": "CampaignFactory",
    "recordInvestments": "CampaignImplementation",
    "close": "CampaignImplementation",
    "setPaused": "CampaignImplementation",
    "setDeadline": "CampaignImplementation",
    "issueCertificates": "NFTShareCertificate",
    "revoke": "NFTShareCertificate",
    "reissue": "NFTShareCertificate",
    "approveTransfer": "NFTShareCertificate",
    "recordRelease": "FundEscrow",
    "recordRefunds": "FundEscrow",
    "deposit": "FundEscrow",
    "reclaim": "FundEscrow",
    "withdraw": "FundEscrow",
    "announceEmergency": "FundEscrow",
    "cancelEmergency": "FundEscrow",
    "setFeeWallet": "FundEscrow",
    "setBaseURI": "NFTShareCertificate",
    "anchor": "JournalAnchor",
}
A, B, C = UUID(int=2**127 + 1), UUID(int=2), UUID(int=3)
WALLET = "0x52908400098527886e0f7030069857d2e4169ee7"
DIGEST, ENTRY = b"\x11" * 32, b"\x22" * 32


def canonical(argument: dict[str, Any]) -> str:
    """A type as signatures write it, tuples spelt out."""
    if not argument["type"].startswith("tuple"):
        return str(argument["type"])
    inner = ",".join(canonical(component) for component in argument["components"])
    return f"({inner}){argument['type'].removeprefix('tuple')}"


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_every_signature_is_a_function_of_its_committed_contract(name: str) -> None:
    (function,) = [i for i in abi_of(CONTRACT_OF[name]) if i["type"] == "function" and i["name"] == name]
    assert SIGNATURES[name] == f"{name}({','.join(canonical(argument) for argument in function['inputs'])})"
    assert function["stateMutability"] == ("payable" if name == "deposit" else "nonpayable")


def test_selectors_are_those_that_everybody_knows() -> None:
    assert selector("transfer(address,uint256)").hex() == "a9059cbb"
    assert selector("grantRole(bytes32,address)").hex() == "2f2ff15d"


@pytest.mark.parametrize(
    ("name", "data", "values"),
    [
        (
            "register",
            calls.register(company_id=A, wallet=WALLET, documents_hash=DIGEST, entry=ENTRY),
            (to_bytes32(A), WALLET, DIGEST, ENTRY),
        ),
        (
            "update",
            calls.update(company_id=A, revision=5, wallet=WALLET, documents_hash=DIGEST, entry=ENTRY),
            (to_bytes32(A), 5, WALLET, DIGEST, ENTRY),
        ),
        (
            "setActive",
            calls.set_active(company_id=A, revision=5, active=True, entry=ENTRY),
            (to_bytes32(A), 5, True, ENTRY),
        ),
        (
            "lock",
            calls.lock(company_id=A, revision=5, campaign_id=B, entry=ENTRY),
            (to_bytes32(A), 5, to_bytes32(B), ENTRY),
        ),
        (
            "unlock",
            calls.unlock(company_id=A, revision=5, campaign_id=B, entry=ENTRY),
            (to_bytes32(A), 5, to_bytes32(B), ENTRY),
        ),
        (
            "createCampaign",
            calls.create_campaign(
                campaign_id=A,
                company_id=B,
                funding_goal=5,
                threshold=4,
                cap=6,
                duration_s=7,
                asset=calls.NATIVE,
                terms_hash=DIGEST,
                entry=ENTRY,
            ),
            (to_bytes32(A), to_bytes32(B), 5, 4, 6, 7, 1, DIGEST, ENTRY),
        ),
        (
            "recordInvestments",
            calls.record_investments(
                [InvestmentMember(A, WALLET, 5, 6, ENTRY), InvestmentMember(B, WALLET, 7, 8, ENTRY)]
            ),
            (((to_bytes32(A), WALLET, 5, 6, ENTRY), (to_bytes32(B), WALLET, 7, 8, ENTRY)),),
        ),
        ("close", calls.close(successful=True, raised=9, entry=ENTRY), (True, 9, ENTRY)),
        ("setPaused", calls.set_paused(revision=5, paused=True, entry=ENTRY), (5, True, ENTRY)),
        ("setDeadline", calls.set_deadline(revision=5, deadline_s=6, entry=ENTRY), (5, 6, ENTRY)),
        (
            "issueCertificates",
            calls.issue_certificates([CertificateMember(A, B, WALLET, 5, DIGEST[:24], ENTRY)]),
            (((A.int, to_bytes32(B), WALLET, 5, DIGEST[:24], ENTRY),),),
        ),
        (
            "revoke",
            calls.revoke_certificate(change_id=A, investment_id=B, evidence=DIGEST, entry=ENTRY),
            (to_bytes32(A), B.int, DIGEST, ENTRY),
        ),
        (
            "reissue",
            calls.reissue_certificate(change_id=A, investment_id=B, holder=WALLET, evidence=DIGEST, entry=ENTRY),
            (to_bytes32(A), B.int, WALLET, DIGEST, ENTRY),
        ),
        (
            "approveTransfer",
            calls.approve_transfer(change_id=A, investment_id=B, to=WALLET, evidence=DIGEST, entry=ENTRY),
            (to_bytes32(A), B.int, WALLET, DIGEST, ENTRY),
        ),
        (
            "recordRelease",
            calls.record_release(campaign_id=A, release_id=B, issuer=WALLET, amount=5, fee=6, entry=ENTRY),
            (to_bytes32(A), to_bytes32(B), WALLET, 5, 6, ENTRY),
        ),
        (
            "recordRefunds",
            calls.record_refunds([RefundMember(A, B, WALLET, 5, ENTRY)]),
            (((to_bytes32(A), to_bytes32(B), WALLET, 5, ENTRY),),),
        ),
        ("deposit", calls.deposit(campaign_id=A, investment_id=B), (to_bytes32(A), to_bytes32(B))),
        ("reclaim", calls.reclaim(A), (to_bytes32(A),)),
        ("withdraw", calls.withdraw(), ()),
        ("announceEmergency", calls.announce_emergency(A), (to_bytes32(A),)),
        ("cancelEmergency", calls.cancel_emergency(A), (to_bytes32(A),)),
        ("setFeeWallet", calls.set_fee_wallet(WALLET), (WALLET,)),
        ("setBaseURI", calls.set_base_uri("https://ledger.example/"), ("https://ledger.example/",)),
        ("anchor", calls.anchor(size=5, root=DIGEST, proof=[ENTRY, DIGEST]), (5, DIGEST, (ENTRY, DIGEST))),
    ],
    ids=list(CONTRACT_OF),
)
def test_calldata_says_what_was_meant(name: str, data: bytes, values: tuple[Any, ...]) -> None:
    (function,) = [i for i in abi_of(CONTRACT_OF[name]) if i["type"] == "function" and i["name"] == name]
    assert data[:4] == selector(SIGNATURES[name])
    assert decode([canonical(argument) for argument in function["inputs"]], data[4:]) == values


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_contract_has_code_that_a_chain_takes(contract: str) -> None:
    code = bytes.fromhex(artifact(contract)["deployed_bytecode"])
    assert 0 < len(code) < 24_576  # EIP-170


def test_an_unknown_contract_has_no_artifact() -> None:
    with pytest.raises(FileNotFoundError):
        artifact("DAOGovernance")
