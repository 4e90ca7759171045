"""The contracts on a chain: issuers, campaigns and investments, and what holds for every call whoever makes it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from eth_abi.abi import encode

from abis import calls, campaign_address, to_bytes32
from abis.calls import selector
from abis.hashing import keccak
from abis.logs import (
    AlreadyRecorded,
    CampaignClosed,
    CampaignCreated,
    Conflict,
    InvestmentRecorded,
    IssuerRegistered,
    Paused,
    Unpaused,
)
from ops.contracts import ROLES
from tests.unit.abis.ledger import (
    CAMPAIGN,
    CAP,
    COMPANY,
    DIGEST,
    DURATION_S,
    GOAL,
    INVESTOR,
    ISSUER,
    THRESHOLD,
    ZERO,
    LedgerOnChain,
    approve_transfer,
    certificate,
    create,
    entry,
    investment,
    refund,
    register,
    reissue,
    release,
    revoke,
)

MEMBERS = (investment(1), investment(2))
ISSUE = calls.issue_certificates([certificate(1), certificate(2)])
REFUND = calls.record_refunds([refund(1), refund(2)])
CLOSE = calls.close(successful=True, raised=80_000, entry=entry(9))

# Issuers.


def test_an_issuer_is_registered_under_its_company_id(ledger: LedgerOnChain) -> None:
    assert ledger.post("IssuerRegistry", register()) == [
        IssuerRegistered(company_id=to_bytes32(COMPANY), entry=entry(1), wallet=ISSUER, documents_hash=DIGEST)
    ]
    assert ledger.ask("IssuerRegistry", "isRegistered(bytes32)", to_bytes32(COMPANY)) == 1
    assert ledger.ask("IssuerRegistry", "walletOf(bytes32)", to_bytes32(COMPANY)) == int(ISSUER, 16)


def test_an_issuer_without_a_wallet_or_an_entry_is_refused(ledger: LedgerOnChain) -> None:
    assert ledger.refused("IssuerRegistry", register(wallet=ZERO)).code == "WalletMissing"
    assert ledger.refused("IssuerRegistry", register(leaf=0)).code == "EntryMissing"


# Campaigns.


def test_a_campaign_is_made_where_it_was_known_to_be(ledger: LedgerOnChain) -> None:
    (made,) = ledger.registered().post("CampaignFactory", create())
    assert isinstance(made, CampaignCreated)
    assert made.campaign == campaign_address(ledger.chain.generation, CAMPAIGN)
    assert int(made.campaign, 16) == ledger.ask("CampaignFactory", "campaignAddress(bytes32)", to_bytes32(CAMPAIGN))
    block = ledger.chain.rpc.call("eth_getBlockByNumber", "latest", False)
    assert made == CampaignCreated(
        campaign_id=to_bytes32(CAMPAIGN),
        entry=entry(2),
        campaign=made.campaign,
        company_id=to_bytes32(COMPANY),
        funding_goal=GOAL,
        threshold=THRESHOLD,
        cap=CAP,
        deadline=int(block["timestamp"], 16) + DURATION_S,
        asset=calls.FIAT,
        terms_hash=DIGEST,
    )
    assert ledger.ask("campaign", "cap()") == CAP


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"company_id": UUID(int=7)}, "IssuerUnknown"),
        ({"funding_goal": 0}, "TermsInvalid"),
        ({"cap": GOAL - 1}, "TermsInvalid"),
        ({"threshold": 0}, "TermsInvalid"),
        ({"threshold": CAP + 1}, "TermsInvalid"),
        ({"asset": 2}, "AssetUnknown"),
        ({"duration_s": 0}, "TermsInvalid"),
        ({"duration_s": 365 * 86_400 + 1}, "TermsInvalid"),
        ({"entry": bytes(32)}, "EntryMissing"),
    ],
)
def test_a_campaign_that_makes_no_sense_is_refused(ledger: LedgerOnChain, changes: dict[str, Any], code: str) -> None:
    assert ledger.registered().refused("CampaignFactory", create(**changes)).code == code


def test_neither_a_campaign_nor_the_template_is_initialised_by_anybody_else(ledger: LedgerOnChain) -> None:
    types = ["bytes32", "uint256", "uint256", "uint64", "uint8"]
    data = selector(f"initialize({','.join(types)})") + encode(types, [to_bytes32(CAMPAIGN), 1, 1, 1, 0])
    for place in ("campaign", "CampaignImplementation"):
        assert ledger.created().refused(place, data).code == "AlreadyInitialized"


def test_a_paused_factory_makes_no_campaign_and_only_the_admin_pauses(ledger: LedgerOnChain) -> None:
    ledger.registered()
    admin = ledger.chain.deployer_key
    pause, unpause = selector("pause()"), selector("unpause()")
    assert ledger.refused("CampaignFactory", pause).code == "AccessControlUnauthorizedAccount"
    assert [type(log) for log in ledger.post("CampaignFactory", pause, key=admin)] == [Paused]
    assert ledger.refused("CampaignFactory", create()).code == "EnforcedPause"
    assert ledger.refused("CampaignFactory", unpause).code == "AccessControlUnauthorizedAccount"
    assert [type(log) for log in ledger.post("CampaignFactory", unpause, key=admin)] == [Unpaused]
    ledger.post("CampaignFactory", create())


# Investments.


def test_investments_are_recorded_in_one_batch(ledger: LedgerOnChain) -> None:
    logs = ledger.created().post("campaign", calls.record_investments(MEMBERS))
    assert logs == [
        InvestmentRecorded(
            investment_id=to_bytes32(m.investment_id), entry=m.entry, investor=INVESTOR, amount=40_000, shares=40
        )
        for m in MEMBERS
    ]
    assert ledger.ask("campaign", "totalRaised()") == 80_000


def test_an_investment_s_digest_ends_with_its_amount(ledger: LedgerOnChain) -> None:
    ledger.recorded(*MEMBERS)
    content = keccak(encode(["address", "uint256", "uint256"], [INVESTOR, 40_000, 40]))
    kept = ledger.ask("campaign", "digestOf(bytes32)", to_bytes32(UUID(int=1)))
    assert kept.to_bytes(32, "big") == content[:16] + (40_000).to_bytes(16, "big")


def test_a_batch_may_repeat_contradict_and_add_and_only_what_is_new_counts(ledger: LedgerOnChain) -> None:
    ledger.recorded(*MEMBERS)
    batch = [investment(1), investment(2, amount=41_000), investment(3, amount=1_000), investment(3, amount=1_000)]
    logs = ledger.post("campaign", calls.record_investments(batch))
    assert [type(log) for log in logs] == [AlreadyRecorded, Conflict, InvestmentRecorded, AlreadyRecorded]
    assert ledger.ask("campaign", "totalRaised()") == 81_000


def test_the_cap_holds_to_the_last_unit(ledger: LedgerOnChain) -> None:
    ledger.recorded(*MEMBERS)
    over = calls.record_investments([investment(3, amount=40_001)])
    assert ledger.refused("campaign", over).text == f"CapExceeded(0x{to_bytes32(UUID(int=3)).hex()}, 120001, {CAP})"
    ledger.post("campaign", calls.record_investments([investment(3, amount=40_000)]))


@pytest.mark.parametrize("wrong", [{"amount": 0}, {"amount": 2**128}, {"shares": 0}, {"investor": ZERO}])
def test_an_investment_without_investor_amount_or_shares_or_beyond_128_bits_is_refused(
    ledger: LedgerOnChain, wrong: dict[str, Any]
) -> None:
    data = calls.record_investments([investment(1), investment(2, **wrong)])
    assert ledger.created().refused("campaign", data).code == "InvestmentInvalid"


def test_a_closed_campaign_takes_no_new_investment_and_repeats_the_old_ones(ledger: LedgerOnChain) -> None:
    ledger.closed(*MEMBERS, successful=True)
    assert ledger.refused("campaign", calls.record_investments([investment(3)])).code == "CampaignIsClosed"
    again = ledger.post("campaign", calls.record_investments(MEMBERS))
    assert [type(log) for log in again] == [AlreadyRecorded, AlreadyRecorded]


# Closing.


def test_a_campaign_is_closed_with_what_it_raised(ledger: LedgerOnChain) -> None:
    assert ledger.recorded(*MEMBERS).post("campaign", CLOSE) == [
        CampaignClosed(campaign_id=to_bytes32(CAMPAIGN), entry=entry(9), successful=True, raised=80_000)
    ]
    assert ledger.ask("CampaignFactory", "isSuccessful(bytes32)", to_bytes32(CAMPAIGN)) == 1


def test_a_closing_that_disagrees_about_the_money_is_refused(ledger: LedgerOnChain) -> None:
    wrong = calls.close(successful=True, raised=79_999, entry=entry(9))
    assert ledger.recorded(*MEMBERS).refused("campaign", wrong).text == "RaisedMismatch(80000, 79999)"


def test_a_campaign_is_not_both_successful_and_failed(ledger: LedgerOnChain) -> None:
    ledger.closed(*MEMBERS, successful=True)
    (log,) = ledger.post("campaign", calls.close(successful=False, raised=80_000, entry=entry(10)))
    assert isinstance(log, Conflict)
    assert ledger.ask("campaign", "successful()") == 1


# What holds for every call.

CALLS: dict[str, tuple[str, bytes, bytes]] = {
    "register": ("IssuerRegistry", register(leaf=71), register(wallet=INVESTOR, leaf=72)),
    "createCampaign": ("CampaignFactory", create(entry=entry(71)), create(cap=CAP + 1, entry=entry(72))),
    "recordInvestments": (
        "campaign",
        calls.record_investments([investment(1)]),
        calls.record_investments([investment(1, shares=41)]),
    ),
    "close": (
        "campaign",
        calls.close(successful=True, raised=80_000, entry=entry(71)),
        calls.close(successful=False, raised=80_000, entry=entry(72)),
    ),
    "issueCertificates": (
        "NFTShareCertificate",
        calls.issue_certificates([certificate(1)]),
        calls.issue_certificates([certificate(1, shares=41)]),
    ),
    "revoke": ("NFTShareCertificate", revoke(leaf=71), revoke(evidence=DIGEST, leaf=72)),
    "reissue": ("NFTShareCertificate", reissue(leaf=71), reissue(holder=ISSUER, leaf=72)),
    "approveTransfer": ("NFTShareCertificate", approve_transfer(to=ISSUER, leaf=71), approve_transfer(2, to=ISSUER)),
    "recordRelease": ("FundEscrow", release(entry=entry(71)), release(amount=77_000, entry=entry(72))),
    "recordRefunds": (
        "FundEscrow",
        calls.record_refunds([refund(1)]),
        calls.record_refunds([refund(1, amount=39_000)]),
    ),
}


CHANGES = {"revoke": revoke(), "reissue": reissue(), "approveTransfer": approve_transfer(to=ISSUER)}


def _whole_story(ledger: LedgerOnChain, name: str) -> LedgerOnChain:
    """Everything recorded that the call of this name records."""
    ledger.closed(*MEMBERS, successful=name != "recordRefunds")
    if name == "recordRefunds":
        ledger.post("FundEscrow", REFUND)
    else:
        ledger.post("NFTShareCertificate", ISSUE)
        ledger.post("FundEscrow", release())
    if name in CHANGES:
        ledger.post("NFTShareCertificate", CHANGES[name])
    return ledger


@pytest.mark.parametrize("name", CALLS)
def test_a_call_repeated_is_told_and_changes_nothing(ledger: LedgerOnChain, name: str) -> None:
    place, again, _ = CALLS[name]
    (log,) = _whole_story(ledger, name).post(place, again)
    assert isinstance(log, AlreadyRecorded)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_with_other_content_under_a_known_key_is_told_as_a_conflict(ledger: LedgerOnChain, name: str) -> None:
    place, _, other = CALLS[name]
    (log,) = _whole_story(ledger, name).post(place, other)
    assert isinstance(log, Conflict)
    (again,) = ledger.post(place, other)
    assert again == log, "the conflict changed what is recorded"
    assert log.have != log.given


@pytest.mark.parametrize("name", CALLS)
def test_nobody_without_the_role_may_call(ledger: LedgerOnChain, name: str) -> None:
    place, data, _ = CALLS[name]
    stranger = "0x" + "5e" * 32
    refusal = ledger.created().refused(place, data, key=stranger)
    assert refusal.code in ("AccessControlUnauthorizedAccount", "NotOperator")
    assert ledger.refused(place, data, key=ledger.chain.deployer_key).code == refusal.code, "the admin posts nothing"


@pytest.mark.parametrize(
    ("place", "empty", "most", "code"),
    [
        ("campaign", calls.record_investments([]), 200, "BatchSizeInvalid"),
        ("NFTShareCertificate", calls.issue_certificates([]), 100, "BatchSizeInvalid"),
        ("FundEscrow", calls.record_refunds([]), 200, "BatchSizeInvalid"),
    ],
    ids=["investments", "certificates", "refunds"],
)
def test_a_batch_has_one_member_at_least_and_so_many_at_most(
    ledger: LedgerOnChain, place: str, empty: bytes, most: int, code: str
) -> None:
    ledger.created()
    assert ledger.refused(place, empty).code == code
    many = range(1, most + 2)
    too_many = {
        "campaign": calls.record_investments([investment(n, amount=1) for n in many]),
        "NFTShareCertificate": calls.issue_certificates([certificate(n) for n in many]),
        "FundEscrow": calls.record_refunds([refund(n, amount=1) for n in many]),
    }[place]
    assert ledger.refused(place, too_many).text == f"BatchSizeInvalid({most + 1})"
    assert ledger.ask(place, "MEMBERS_MAX()") == most


@pytest.mark.parametrize("place", sorted(ROLES))
def test_a_signer_gives_no_roles_and_the_admin_is_not_changed_within_a_day(ledger: LedgerOnChain, place: str) -> None:
    def grant(role: bytes) -> bytes:
        return selector("grantRole(bytes32,address)") + encode(["bytes32", "address"], [role, INVESTOR])

    own_role = grant(keccak(ROLES[place].encode()))
    assert ledger.refused(place, own_role).code == "AccessControlUnauthorizedAccount"
    admin = ledger.chain.deployer_key
    assert ledger.refused(place, grant(bytes(32)), key=admin).code == "AccessControlEnforcedDefaultAdminRules"
    assert ledger.ask(place, "defaultAdminDelay()") == 86_400
