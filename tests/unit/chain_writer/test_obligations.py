"""Obligations: what each event obliges, under which name, on which lane, and that nothing makes it refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abis import Generation, calls, campaign_address, revision_key, to_bytes32
from abis.generation import CONTRACTS
from chain_writer.intents import Kind
from chain_writer.obligations import (
    STAGE_CLOSING,
    STAGE_FOUNDING,
    STAGE_RECORDING,
    STAGE_SETTLING,
    asset_of,
    lane_of,
    obligation_of,
)
from domain.campaign import (
    CampaignApproved,
    CampaignClosed,
    CampaignPaused,
    CampaignRejected,
    CampaignResumed,
    ChangeApproved,
    ReleaseApproved,
)
from domain.company import (
    CompanyReinstated,
    CompanySuspended,
    ExclusivityLocked,
    ExclusivityReleased,
    KybApproved,
    KybRenewed,
    WalletRotated,
)
from domain.investment import (
    CertificateReissued,
    CertificateRevoked,
    InvestmentFunded,
    RefundOrdered,
    SharesAllotted,
    TransferApproved,
)
from domain.journal import Entry, Event, Meta
from domain.ledger import generation_id
from domain.topics import EVENT_CLASSES
from tests.unit.chain_writer.house import DECIDED, ISSUED, NOON, TERMS, WALLET, House, name

GENERATION = Generation(
    chain_id=100,
    genesis_hash="0x" + "00" * 32,
    addresses={contract: f"0x{number:040x}" for number, contract in enumerate(CONTRACTS, start=1)},
    code_hashes=dict.fromkeys(CONTRACTS, "0x" + "00" * 32),
    start_block=0,
)
CAMPAIGN, CHANGE = name("campaign"), name("change")
OTHER = "0x" + "b2" * 20
CHANGED = {"change_id": CHANGE, "campaign_id": CAMPAIGN, "wallet": WALLET, **DECIDED}

LATER = {"digest": "dd" * 32, "deadline": NOON, "reconfirm_by": NOON}
MOVED = ChangeApproved(change_id=CHANGE, **LATER, previous_deadline=NOON - timedelta(seconds=1))
ROTATED = WalletRotated(wallet=WALLET, previous=OTHER, documents_hash="11" * 32, registered=True)
REVISED = {Kind.UPDATE, Kind.SET_ACTIVE, Kind.LOCK, Kind.UNLOCK, Kind.SET_PAUSED, Kind.SET_DEADLINE}

EVENTS: list[tuple[Event, Kind, str, int]] = [
    (KybApproved(wallet=WALLET, documents_hash="11" * 32), Kind.REGISTER, "IssuerRegistry", STAGE_FOUNDING),
    (
        CampaignApproved(company_id=name("company"), wallet=WALLET, terms=TERMS, terms_hash="22" * 32),
        Kind.CREATE_CAMPAIGN,
        "CampaignFactory",
        STAGE_FOUNDING,
    ),
    (
        InvestmentFunded(
            campaign_id=CAMPAIGN, wallet=WALLET, provider="bank", reference="r", amount=10_000, shares=100
        ),
        Kind.RECORD_INVESTMENT,
        "",
        STAGE_RECORDING,
    ),
    (CampaignClosed(outcome="failed", raised=5, reason="deadline"), Kind.CLOSE, "", STAGE_CLOSING),
    (
        SharesAllotted(campaign_id=CAMPAIGN, wallet=WALLET, shares=100),
        Kind.ISSUE_CERTIFICATE,
        "NFTShareCertificate",
        STAGE_SETTLING,
    ),
    (
        ReleaseApproved(release_id=name("release"), amount=95, fee=5, wallet=WALLET),
        Kind.RECORD_RELEASE,
        "FundEscrow",
        STAGE_SETTLING,
    ),
    (
        RefundOrdered(campaign_id=CAMPAIGN, wallet=WALLET, amount=10_000, reason="failed"),
        Kind.RECORD_REFUND,
        "FundEscrow",
        STAGE_SETTLING,
    ),
    (
        RefundOrdered(campaign_id=CAMPAIGN, wallet=WALLET, amount=10_000, reason="cancelled", live=True),
        Kind.RECORD_REFUND,
        "FundEscrow",
        STAGE_RECORDING,
    ),
    (
        CertificateRevoked(**CHANGED, shares=100),
        Kind.REVOKE_CERTIFICATE,
        "NFTShareCertificate",
        STAGE_SETTLING,
    ),
    (
        CertificateReissued(**CHANGED, previous_wallet=WALLET, shares=100),
        Kind.REISSUE_CERTIFICATE,
        "NFTShareCertificate",
        STAGE_SETTLING,
    ),
    (
        TransferApproved(**CHANGED, new_wallet=WALLET),
        Kind.APPROVE_TRANSFER,
        "NFTShareCertificate",
        STAGE_SETTLING,
    ),
    (KybRenewed(wallet=WALLET, documents_hash="11" * 32), Kind.UPDATE, "IssuerRegistry", STAGE_FOUNDING),
    (ROTATED, Kind.UPDATE, "IssuerRegistry", STAGE_FOUNDING),
    (CompanySuspended(reason="r", by="a"), Kind.SET_ACTIVE, "IssuerRegistry", STAGE_FOUNDING),
    (CompanyReinstated(reason="r"), Kind.SET_ACTIVE, "IssuerRegistry", STAGE_FOUNDING),
    (ExclusivityLocked(campaign_id=CAMPAIGN, year=2026), Kind.LOCK, "IssuerRegistry", STAGE_FOUNDING),
    (ExclusivityReleased(campaign_id=CAMPAIGN, reason="r"), Kind.UNLOCK, "IssuerRegistry", STAGE_FOUNDING),
    (CampaignPaused(reason="r", pauser="a"), Kind.SET_PAUSED, "", STAGE_RECORDING),
    (CampaignResumed(reason="r"), Kind.SET_PAUSED, "", STAGE_RECORDING),
    (MOVED, Kind.SET_DEADLINE, "", STAGE_RECORDING),
]


def entry(event: Event, *, stream: UUID = CAMPAIGN, leaf: bytes = b"\x01" * 32) -> Entry:
    meta = Meta(at=NOON, by="test:test", command_id=name("c"), correlation_id=name("s"), cause=None, pack="-")
    return Entry(
        position=7, stream=stream, version=2, topic=event.TOPIC, event=event, meta=meta, leaf=leaf, state=b"{}"
    )


@pytest.mark.parametrize(("event", "kind", "contract", "stage"), EVENTS, ids=[e.TOPIC for e, *_ in EVENTS])
def test_each_of_these_events_obliges_its_call(event: Event, kind: Kind, contract: str, stage: int) -> None:
    obligation = obligation_of(entry(event), GENERATION)

    assert obligation is not None
    assert (obligation.kind, obligation.stage, obligation.flaw) == (kind, stage, None)
    expected = GENERATION.addresses[contract] if contract else campaign_address(GENERATION, CAMPAIGN)
    assert obligation.target.lower() == expected.lower()
    of_its_own = {
        Kind.ISSUE_CERTIFICATE: CAMPAIGN.int.to_bytes(32, "big"),
        Kind.RECORD_RELEASE: to_bytes32(name("release")),
        **dict.fromkeys((Kind.REVOKE_CERTIFICATE, Kind.REISSUE_CERTIFICATE, Kind.APPROVE_TRANSFER), to_bytes32(CHANGE)),
    }
    otherwise = revision_key(CAMPAIGN, 2) if kind in REVISED else to_bytes32(CAMPAIGN)
    assert obligation.natural_key == of_its_own.get(kind, otherwise)
    assert obligation.subject == CAMPAIGN
    assert obligation.parent == (name("company") if kind is Kind.CREATE_CAMPAIGN else None)


def test_no_other_event_obliges_anything() -> None:
    obliging = {type(event) for event, *_ in EVENTS}
    assert {kind for _, kind, *_ in EVENTS} == set(Kind)
    assert obliging <= set(EVENT_CLASSES)
    assert obligation_of(entry(CampaignRejected(reason="no")), GENERATION) is None


def test_a_rotation_before_the_registration_and_a_change_that_moves_no_deadline_oblige_nothing() -> None:
    assert obligation_of(entry(msgspec.structs.replace(ROTATED, registered=False)), GENERATION) is None
    for previous in (None, NOON, NOON + timedelta(milliseconds=999)):
        unmoved = msgspec.structs.replace(MOVED, previous_deadline=previous)
        assert obligation_of(entry(unmoved), GENERATION) is None
    stored = ChangeApproved(change_id=CHANGE, **LATER)
    assert obligation_of(entry(stored), GENERATION) is None, "an older event does not say where the deadline was"


def test_a_campaign_in_the_chain_s_own_coin_says_so() -> None:
    assert asset_of("wei") == calls.NATIVE
    assert asset_of("ETB") == calls.FIAT


def test_an_effect_is_named_by_its_entry_and_its_generation_alone() -> None:
    event = EVENTS[0][0]
    first = obligation_of(entry(event), GENERATION)
    again = obligation_of(entry(event), GENERATION)
    other_entry = obligation_of(entry(event, leaf=b"\x02" * 32), GENERATION)
    elsewhere = msgspec.structs.replace(GENERATION, chain_id=101)
    other_chain = obligation_of(entry(event), elsewhere)

    assert first is not None
    assert other_entry is not None
    assert other_chain is not None
    assert first == again
    assert len({first.effect, other_entry.effect, other_chain.effect}) == 3
    assert generation_id(GENERATION) != generation_id(elsewhere)


def test_a_generation_is_another_one_with_any_other_contract() -> None:
    for contract in CONTRACTS:
        addresses = {**GENERATION.addresses, contract: "0x" + "ee" * 20}
        assert generation_id(msgspec.structs.replace(GENERATION, addresses=addresses)) != generation_id(GENERATION)


@pytest.mark.parametrize(
    "event",
    [
        KybApproved(wallet="", documents_hash="11" * 32),
        KybApproved(wallet=WALLET, documents_hash="no hash"),
        KybApproved(wallet=WALLET, documents_hash="11"),
        CampaignClosed(outcome="failed", raised=-1, reason="r"),
        CampaignClosed(outcome="failed", raised=1 << 256, reason="r"),
        InvestmentFunded(
            campaign_id=CAMPAIGN, wallet=WALLET, provider="bank", reference="r", amount=1 << 128, shares=1
        ),
        CertificateRevoked(**{**CHANGED, "evidence": "0x" + "ee" * 32}, shares=100),
        CertificateReissued(**{**CHANGED, "wallet": "nobody"}, previous_wallet=WALLET, shares=100),
        TransferApproved(**CHANGED, new_wallet="0x12"),
    ],
)
def test_what_cannot_be_written_as_a_call_is_an_obligation_with_a_flaw(event: Event) -> None:
    obligation = obligation_of(entry(event), GENERATION)
    assert obligation is not None
    assert obligation.flaw


@given(subject=st.uuids(), lanes=st.integers(1, 8))
def test_a_subject_has_one_lane(subject: UUID, lanes: int) -> None:
    names = [f"lane-{number}" for number in range(lanes)]
    assert lane_of(subject, names) == lane_of(subject, names)
    assert lane_of(subject, names) in names


def test_the_digests_are_those_that_the_contracts_keep(house: House) -> None:
    # given one of each effect on the chain
    house.company()
    house.campaign()
    house.fund("investment")
    house.close(raised=10_000)
    house.allot("investment")
    house.release(amount=9_500, fee=500)
    house.campaign("failed")
    house.fund("refunded", campaign="failed")
    house.close(raised=10_000, campaign="failed", outcome="failed")
    house.order_refund("refunded", campaign="failed")
    house.campaign("live")
    house.fund("withdrawn", campaign="live")
    house.order_refund("withdrawn", campaign="live", live=True)
    house.reissue("investment", change="first", wallet=OTHER)
    house.revoke("investment", change="second")
    house.reissue("investment", change="third", wallet=WALLET)
    house.approve_transfer("investment", change="fourth", wallet=OTHER)
    company, live = name("company"), name("live")
    now = house.chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"]
    later = datetime.fromtimestamp(int(now, 16), UTC) + timedelta(days=2)
    revisions: list[tuple[UUID, Event]] = [
        (company, KybRenewed(wallet=OTHER, documents_hash="33" * 32)),
        (company, ROTATED),
        (company, CompanySuspended(reason="r", by="a")),
        (company, CompanyReinstated(reason="r")),
        (company, ExclusivityLocked(campaign_id=live, year=2026)),
        (company, ExclusivityReleased(campaign_id=live, reason="r")),
        (live, CampaignPaused(reason="r", pauser="a")),
        (live, CampaignResumed(reason="r")),
        (live, msgspec.structs.replace(MOVED, deadline=later, previous_deadline=later - timedelta(days=1))),
    ]
    for stream, event in revisions:
        house.record(stream, event)
    house.follow()
    house.settle(house.lane())

    # then each contract keeps what was computed from the entry
    kept = house.rows("SELECT kind, target, natural_key, digest FROM writer.intents")
    assert {kind for kind, *_ in kept} == set(Kind)
    for _, target, key, digest in kept:
        assert house.digest(target, bytes(key)) == bytes(digest)
    assert len(house.logs("NFTShareCertificate", ISSUED)) == 1
