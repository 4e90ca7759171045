"""From logs to commands, and everything that speaks against one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abis import Generation, Log, campaign_address, to_bytes32, token_id
from abis import logs as l
from abis.certificates import content_hash_of
from abis.generation import CONTRACTS
from abis.hashing import checksummed
from chain_indexer.blocks import Header, Noted, Reason
from chain_indexer.coin import heard
from chain_indexer.confirmations import NOBODY, command_of, companions, objection, subject_of
from chain_indexer.feeding import ENTRIES_PER_READ_MAX, Claim, judge, windows
from chain_indexer.logs import ChainPosition, PlacedLog
from domain import campaign, company, investment
from domain import commands as c
from domain.journal import Entry, Event, Meta
from domain.ledger import generation_id
from domain.values import ChainFact, Terms

SUBJECT, CAMPAIGN, RELEASE, CHANGE = (UUID(int=number << 100) for number in range(1, 5))
LEAF = b"\x07" * 32
NO_COIN = heard([])
HASH = "ab" * 32
WALLET, OTHER = "0x" + "ab" * 20, "0x" + "cd" * 20
TERMS = Terms(
    currency="ETB",
    funding_goal=1_000,
    minimum=10,
    cap=2_000,
    share_price=10,
    duration_s=60,
    success_threshold_bps=7_500,
    fee_bps=0,
    rule_pack="default@1",
)
GENERATION = Generation(
    chain_id=100,
    genesis_hash="0x" + "00" * 32,
    addresses={name: checksummed("0x" + f"{n:02x}" * 20) for n, name in enumerate(CONTRACTS, start=0xA1)},
    code_hashes={},
    start_block=0,
)
AT = ChainPosition(block_number=9, tx_index=0, log_index=2, block_hash="0x" + "bb" * 32, tx_hash="0x" + "cc" * 32)
BLOCK = Header(number=9, hash=AT.block_hash, parent_hash="0x" + "aa" * 32, timestamp_s=1_000)
FACT = ChainFact(
    chain_id=100,
    block_number=9,
    block_hash=AT.block_hash,
    tx_hash=AT.tx_hash,
    log_index=2,
    entry_position=41,
    generation=generation_id(GENERATION),
)
KNOWN: dict[str, Any] = {"block": BLOCK, "generation": GENERATION, "named": generation_id(GENERATION)}

CERTIFICATES = GENERATION.addresses["NFTShareCertificate"]
ON_CHAIN: dict[str, Any] = {"change_id": to_bytes32(CHANGE), "entry": LEAF, "token_id": token_id(SUBJECT)}
DECIDED: dict[str, Any] = {"change_id": CHANGE, "campaign_id": CAMPAIGN, "reason": "a judgement", "evidence": HASH}
APPROVED = investment.TransferApproved(**DECIDED, wallet=WALLET, new_wallet=OTHER)

# Each confirming log, the event that obliges it, the contract that emits it, and the command that it becomes.
CASES: list[tuple[Log, Event, str, c.Command]] = [
    (
        l.IssuerRegistered(
            company_id=to_bytes32(SUBJECT), entry=LEAF, wallet=checksummed(WALLET), documents_hash=bytes.fromhex(HASH)
        ),
        company.KybApproved(wallet=WALLET, documents_hash=HASH),
        GENERATION.addresses["IssuerRegistry"],
        c.ConfirmCompanyRegistration(company_id=SUBJECT, on_chain=FACT),
    ),
    (
        l.CampaignCreated(
            campaign_id=to_bytes32(SUBJECT),
            entry=LEAF,
            campaign=campaign_address(GENERATION, SUBJECT),
            company_id=to_bytes32(CAMPAIGN),
            funding_goal=1_000,
            threshold=750,
            cap=2_000,
            deadline=1_060,
            asset=0,
            terms_hash=bytes.fromhex(HASH),
        ),
        campaign.CampaignApproved(company_id=CAMPAIGN, wallet=WALLET, terms=TERMS, terms_hash=HASH),
        GENERATION.addresses["CampaignFactory"],
        c.ConfirmDeployment(
            campaign_id=SUBJECT,
            address=campaign_address(GENERATION, SUBJECT),
            deadline=datetime(1970, 1, 1, 0, 17, 40, tzinfo=UTC),
            on_chain=FACT,
        ),
    ),
    (
        l.InvestmentRecorded(
            investment_id=to_bytes32(SUBJECT), entry=LEAF, investor=checksummed(WALLET), amount=500, shares=50
        ),
        investment.InvestmentFunded(
            campaign_id=CAMPAIGN, wallet=WALLET, provider="bank", reference="r", amount=500, shares=50
        ),
        campaign_address(GENERATION, CAMPAIGN),
        c.ConfirmRecording(investment_id=SUBJECT, on_chain=FACT),
    ),
    (
        l.CampaignClosed(campaign_id=to_bytes32(SUBJECT), entry=LEAF, successful=True, raised=800),
        campaign.CampaignClosed(outcome="successful", raised=800, reason="deadline"),
        campaign_address(GENERATION, SUBJECT),
        c.ConfirmClosing(campaign_id=SUBJECT, on_chain=FACT),
    ),
    (
        l.CertificateIssued(
            token_id=token_id(SUBJECT),
            entry=LEAF,
            campaign_id=to_bytes32(CAMPAIGN),
            holder=checksummed(WALLET),
            shares=50,
            content_hash=content_hash_of(investment_id=SUBJECT, campaign_id=CAMPAIGN, shares=50, entry=LEAF),
        ),
        investment.SharesAllotted(campaign_id=CAMPAIGN, wallet=WALLET, shares=50),
        GENERATION.addresses["NFTShareCertificate"],
        c.ConfirmCertificate(investment_id=SUBJECT, token_id=str(1 << 100), on_chain=FACT),
    ),
    (
        l.ReleaseRecorded(
            release_id=to_bytes32(RELEASE),
            entry=LEAF,
            campaign_id=to_bytes32(SUBJECT),
            issuer=checksummed(WALLET),
            amount=790,
            fee=10,
        ),
        campaign.ReleaseApproved(release_id=RELEASE, amount=790, fee=10, wallet=WALLET),
        GENERATION.addresses["FundEscrow"],
        c.ConfirmRelease(campaign_id=SUBJECT, release_id=RELEASE, on_chain=FACT),
    ),
    (
        l.RefundRecorded(
            investment_id=to_bytes32(SUBJECT),
            entry=LEAF,
            campaign_id=to_bytes32(CAMPAIGN),
            investor=checksummed(WALLET),
            amount=500,
        ),
        investment.RefundOrdered(campaign_id=CAMPAIGN, wallet=WALLET, amount=500, reason="failed"),
        GENERATION.addresses["FundEscrow"],
        c.ConfirmRefund(investment_id=SUBJECT, on_chain=FACT),
    ),
    (
        l.CertificateRevoked(**ON_CHAIN, holder=checksummed(WALLET), evidence=bytes.fromhex(HASH)),
        investment.CertificateRevoked(**DECIDED, wallet=WALLET, shares=50),
        CERTIFICATES,
        c.ConfirmCertificateChange(investment_id=SUBJECT, change_id=CHANGE, on_chain=FACT),
    ),
    (
        l.CertificateReissued(
            **ON_CHAIN, previous=checksummed(WALLET), holder=checksummed(OTHER), evidence=bytes.fromhex(HASH)
        ),
        investment.CertificateReissued(**DECIDED, wallet=OTHER, previous_wallet=WALLET, shares=50),
        CERTIFICATES,
        c.ConfirmCertificateChange(investment_id=SUBJECT, change_id=CHANGE, on_chain=FACT),
    ),
    (
        l.TransferApproved(
            **ON_CHAIN, holder=checksummed(WALLET), receiver=checksummed(OTHER), evidence=bytes.fromhex(HASH)
        ),
        APPROVED,
        CERTIFICATES,
        c.ConfirmCertificateChange(investment_id=SUBJECT, change_id=CHANGE, on_chain=FACT),
    ),
    (
        l.CertificateTransferred(**ON_CHAIN, sender=checksummed(WALLET), receiver=checksummed(OTHER)),
        APPROVED,
        CERTIFICATES,
        c.RecordTransfer(
            investment_id=SUBJECT,
            change_id=CHANGE,
            sender=checksummed(WALLET),
            receiver=checksummed(OTHER),
            on_chain=FACT,
        ),
    ),
]
each_case = pytest.mark.parametrize(
    ("log", "event", "emitter", "command"), CASES, ids=[type(case[0]).__name__ for case in CASES]
)


def entry_of(event: Event, *, stream: UUID = SUBJECT) -> Entry:
    meta = Meta(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        by="a:b",
        command_id=UUID(int=5),
        correlation_id=UUID(int=6),
        cause=None,
        pack="-",
    )
    return Entry(
        position=41, stream=stream, version=3, topic=event.TOPIC, event=event, meta=meta, leaf=LEAF, state=b"{}"
    )


def objected(log: Log, event: Event, emitter: str, *, stream: UUID = SUBJECT) -> Reason | None:
    against = objection(
        log,
        emitter=emitter.lower(),
        block_timestamp_s=BLOCK.timestamp_s,
        entry=entry_of(event, stream=stream),
        generation=GENERATION,
    )
    return against.reason if against else None


@each_case
def test_a_confirming_log_becomes_its_command(log: Log, event: Event, emitter: str, command: c.Command) -> None:
    assert command_of(log, FACT) == command
    assert objected(log, event, emitter) is None


@each_case
def test_the_command_is_given_under_the_log_s_own_name(
    log: Any, event: Event, emitter: str, command: c.Command
) -> None:
    placed = PlacedLog(AT, l.RawLog(emitter.lower(), (), b""))
    claim = judge(placed, log, entries={LEAF: entry_of(event)}, companion=False, coin=NO_COIN, **KNOWN)
    assert isinstance(claim, Claim)
    envelope = claim.envelope
    assert envelope.command == command
    assert (str(envelope.actor), envelope.cause, envelope.correlation_id) == ("indexer:chain-indexer", 41, UUID(int=6))
    assert envelope.key.scope == "log:100"
    assert envelope.key.key == f"0x{'bb' * 32}:0x{'cc' * 32}:2"


@each_case
def test_every_value_that_was_obliged_must_be_the_one_written(
    log: Log, event: Event, emitter: str, command: c.Command
) -> None:
    for name in set(log.__struct_fields__) - {"entry"}:
        value = getattr(log, name)
        other = {bool: not value, int: 4, str: checksummed("0x" + "99" * 20), bytes: b"\x99" * 32}[type(value)]
        forged = msgspec.structs.replace(log, **{name: other})
        names_another = subject_of(forged) != SUBJECT
        expected = Reason.ENTRY_OF_ANOTHER_STREAM if names_another else Reason.CONTENT_DIFFERS
        assert objected(forged, event, emitter) is expected, name


@each_case
def test_a_leaf_of_another_thing_or_of_another_kind_confirms_nothing(
    log: Log, event: Event, emitter: str, command: c.Command
) -> None:
    assert objected(log, event, emitter, stream=CAMPAIGN) is Reason.ENTRY_OF_ANOTHER_STREAM
    assert objected(log, event, "0x" + "77" * 20) is Reason.ENTRY_OBLIGES_OTHERWISE
    for _, other, _, _ in CASES:
        if type(other) is not type(event):
            assert objected(log, other, emitter) is Reason.ENTRY_OBLIGES_OTHERWISE


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**256 - 1))
def test_an_id_that_is_none_of_ours_has_no_subject(word: bytes, token: int) -> None:
    closed = l.CampaignClosed(campaign_id=word, entry=LEAF, successful=True, raised=1)
    said = {"campaign_id": word, "holder": WALLET, "shares": 1, "content_hash": LEAF[:24]}
    issued = l.CertificateIssued(token_id=token, entry=LEAF, **said)
    assert (subject_of(closed) is not None) == (word[16:] == bytes(16))
    assert (subject_of(issued) is not None) == (token < 2**128)
    assert (command_of(issued, FACT) is not None) == (token < 2**128)


def test_logs_of_other_kinds_confirm_nothing() -> None:
    for log in (
        l.Paused(account=WALLET),
        l.Deposited(investment_id=LEAF, campaign_id=LEAF, depositor=WALLET, amount=1),
        l.EmergencyAnnounced(campaign_id=LEAF, begins_at=1),
        l.AlreadyRecorded(key=LEAF, entry=LEAF),
        l.Conflict(key=LEAF, entry=LEAF, have=LEAF, given=LEAF),
        l.Locked(token_id=1),
    ):
        assert command_of(log, FACT) is None


def test_a_wallet_that_is_no_address_differs_and_stops_nothing() -> None:
    log, _, emitter, _ = CASES[0]
    assert objected(log, company.KybApproved(wallet="?", documents_hash=HASH), emitter) is Reason.CONTENT_DIFFERS


def at(tx: str, index: int) -> ChainPosition:
    return msgspec.structs.replace(AT, tx_hash="0x" + tx * 32, log_index=index)


def test_an_issuance_explains_its_own_transfer_and_lock_and_no_other() -> None:
    token, holder = token_id(SUBJECT), checksummed(WALLET)
    minted = l.Transfer(sender=NOBODY, receiver=holder, token_id=token)
    logs = [
        (at("01", 0), minted),
        (at("01", 1), l.Locked(token_id=token)),
        (at("01", 2), CASES[4][0]),
        (at("01", 3), minted),
        (at("01", 4), l.Locked(token_id=9)),
        (at("01", 5), l.Transfer(sender=holder, receiver=holder, token_id=token)),
        (at("01", 6), l.Transfer(sender=NOBODY, receiver=OTHER, token_id=token)),
        (at("02", 0), minted),
        (at("02", 1), l.Locked(token_id=token)),
    ]
    assert companions(logs) == {at("01", 0).key, at("01", 1).key}


CHANGED: dict[str, Any] = {"change_id": to_bytes32(CHANGE), "entry": LEAF, "token_id": 7, "evidence": bytes(32)}


@pytest.mark.parametrize(
    ("effect", "explained"),
    [
        (
            l.CertificateRevoked(**CHANGED, holder=WALLET),
            [l.Transfer(sender=WALLET, receiver=NOBODY, token_id=7)],
        ),
        (
            l.CertificateReissued(**CHANGED, previous=WALLET, holder=OTHER),
            [
                l.Transfer(sender=WALLET, receiver=NOBODY, token_id=7),
                l.Transfer(sender=NOBODY, receiver=OTHER, token_id=7),
                l.Locked(token_id=7),
            ],
        ),
        (l.TransferApproved(**CHANGED, holder=WALLET, receiver=OTHER), [l.Unlocked(token_id=7)]),
        (
            l.CertificateTransferred(
                change_id=to_bytes32(CHANGE), entry=LEAF, token_id=7, sender=WALLET, receiver=OTHER
            ),
            [l.Transfer(sender=WALLET, receiver=OTHER, token_id=7), l.Locked(token_id=7)],
        ),
        (
            l.RefundRecorded(investment_id=LEAF, entry=LEAF, campaign_id=LEAF, investor=WALLET, amount=5),
            [l.InvestmentWithdrawn(investment_id=LEAF, amount=5)],
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Log) else "",
)
def test_an_effect_explains_what_comes_with_it_once_and_nothing_else(effect: Log, explained: list[Log]) -> None:
    # given each of its companions twice, the like of another token, investment or receiver, and all in another tx
    others = [
        l.Locked(token_id=8),
        l.Unlocked(token_id=8),
        l.Transfer(sender=OTHER, receiver=WALLET, token_id=7),
        l.InvestmentWithdrawn(investment_id=LEAF, amount=6),
    ]
    logs = [*explained, effect, *explained, *others]
    placed = [(at("01", place), log) for place, log in enumerate(logs)]
    elsewhere = [(at("02", place), log) for place, log in enumerate(explained)]

    assert companions([*placed, *elsewhere]) == {at("01", place).key for place in range(len(explained))}


def test_what_says_nothing_new_is_noted() -> None:
    log = PlacedLog(AT, l.RawLog(WALLET, (), b""))
    repeated = l.AlreadyRecorded(key=LEAF, entry=LEAF)
    known: dict[str, Any] = {"entries": {}, "coin": NO_COIN, **KNOWN}
    assert judge(log, repeated, companion=False, **known) == Noted(kind="AlreadyRecorded")
    assert judge(log, l.Locked(token_id=1), companion=True, **known) == Noted(kind="Locked")


@given(st.sets(st.integers(1, 5_000)))
def test_every_entry_wanted_is_read_once_in_stretches_that_are_not_too_long(positions: set[int]) -> None:
    read = windows(positions)
    places = [place for first, last in read for place in range(first, last + 1)]
    assert len(places) == len(set(places))
    assert positions <= set(places)
    assert all(first in positions and last in positions and last - first < ENTRIES_PER_READ_MAX for first, last in read)
