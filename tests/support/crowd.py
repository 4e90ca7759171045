"""A journal of very many entries: real events of whole campaigns, written straight into the table, by the owner.

Every campaign has investors who register, commit, pay and get certificates, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec
import psycopg

from domain.campaign import (
    CampaignApproved,
    CampaignClosed,
    CampaignDrafted,
    CampaignSubmitted,
    ClosingStarted,
    CommitmentAccepted,
    DeploymentConfirmed,
    FundingReceived,
    ReleaseApproved,
    ReleaseConfirmed,
    ReleaseRequested,
    UpdatePosted,
)
from domain.company import CompanyRegistered, KybApproved, RegistrationConfirmed
from domain.investment import (
    Acknowledgement,
    CertificateConfirmed,
    InvestmentCommitted,
    InvestmentFunded,
    RecordingConfirmed,
    SharesAllotted,
)
from domain.investor import CommitmentCounted, InvestorRegistered, KycApproved, KycSubmitted
from domain.journal import Event, Meta
from domain.journal.sealing import leaf_of
from domain.payment import PaymentMatched, PaymentRecorded, payment_id
from domain.topics import codec
from domain.values import ChainFact
from tests.support.story import TERMS

IDS = UUID("0d1f2e37-5a52-5d0d-9a6b-6b7a2d3c4e5f")
BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)
AMOUNT, SHARES = 250_000, 250
INVESTORS_PER_CAMPAIGN = 150
DIGEST = "5f" * 32
ROWS_PER_COPY = 20_000

Told = tuple[UUID, Event]


def crowd(entries: int, *, name: str = "crowd") -> Iterator[Told]:
    """At least so many events, campaign by campaign, in whole campaigns."""
    told, number = 0, 0
    while told < entries:
        for one in _campaign(f"{name}/{number}"):
            told += 1
            yield one
        number += 1


def write(dsn: str, told: Iterable[Told]) -> int:
    """Append events to the journal as it stands, with their leaves. The position reached."""
    encode, versions = codec().encode, dict[UUID, int]()
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT size FROM journal.head FOR UPDATE").fetchone()
        assert row is not None
        position = int(row[0])
        batch: list[tuple[Any, ...]] = []
        for stream, event in told:
            position += 1
            versions[stream] = version = versions.get(stream, 0) + 1
            state = encode(_placed(event, position), _meta(stream, position))
            leaf = leaf_of(position=position, stream=stream, version=version, topic=event.TOPIC, state=state)
            batch.append((stream, version, event.TOPIC, state, position, leaf))
            if len(batch) >= ROWS_PER_COPY:
                _append(connection, batch)
                batch = []
        _append(connection, batch)
    return position


def _append(connection: psycopg.Connection[Any], batch: list[tuple[Any, ...]]) -> None:
    if not batch:
        return
    connection.execute("UPDATE journal.head SET size = %s", (batch[-1][4],))
    with (
        connection.cursor() as rows,
        rows.copy(
            "COPY journal.entries (originator_id, originator_version, topic, state, notification_id, leaf)"
            " FROM STDIN (FORMAT binary)"
        ) as copy,
    ):
        copy.set_types(["uuid", "int8", "text", "bytea", "int8", "bytea"])
        for row in batch:
            copy.write_row(row)


def _meta(stream: UUID, position: int) -> Meta:
    at = BEGAN + timedelta(milliseconds=40 * position)
    return Meta(at=at, by="crowd:crowd", command_id=stream, correlation_id=stream, cause=None, pack="default@1")


def _placed(event: Any, position: int) -> Any:
    """A confirmation names the entry before it in its stream, which here is always a little earlier: good enough where
    nothing looks it up. Those that a posting waits for are placed by `_campaign`."""
    fact = getattr(event, "on_chain", None)
    if fact is None or fact.entry_position >= 0:
        return event
    return msgspec.structs.replace(
        event, on_chain=msgspec.structs.replace(fact, entry_position=position + fact.entry_position)
    )


def _fact(back: int) -> ChainFact:
    """A log that repeats the entry so many places before."""
    return ChainFact(
        chain_id=100,
        block_number=7,
        block_hash="0x" + DIGEST,
        tx_hash="0x" + DIGEST,
        log_index=0,
        entry_position=-back,
    )


def _campaign(name: str) -> Iterator[Told]:
    company, campaign = uuid5(IDS, f"{name}/company"), uuid5(IDS, f"{name}/campaign")
    wallet = f"0x{company.hex[:8]:0>40}"
    terms = msgspec.structs.replace(TERMS, cap=10**12, funding_goal=10**8)
    registered = CompanyRegistered(
        legal_name=name, tax_number=name, sector="energy", registration_year=2020, wallet=wallet, owner="issuer"
    )
    yield company, registered
    yield company, KybApproved(wallet=wallet, documents_hash=DIGEST, valid_until=BEGAN + timedelta(days=365))
    yield company, RegistrationConfirmed(on_chain=_fact(1))
    yield campaign, CampaignDrafted(campaign_id=campaign, company_id=company, title=name, terms=terms, owner="issuer")
    yield campaign, CampaignSubmitted(terms_hash=DIGEST, submitter="issuer")
    yield campaign, CampaignApproved(company_id=company, wallet=wallet, terms=terms, terms_hash=DIGEST)
    deadline = BEGAN + timedelta(days=30)
    yield campaign, DeploymentConfirmed(address=wallet, deadline=deadline, opened_at=BEGAN, on_chain=_fact(1))
    for number in range(INVESTORS_PER_CAMPAIGN):
        yield from _investor(uuid5(IDS, f"{name}/investor/{number}"), f"{name}/{number}", campaign)
        if number % 50 == 0:
            yield campaign, UpdatePosted(update_id=uuid5(campaign, str(number)), title="Harvest", sha256=DIGEST)
    yield from _end(campaign)


def _investor(investor: UUID, name: str, campaign: UUID) -> Iterator[Told]:
    investment, wallet = uuid5(IDS, f"{name}/investment"), f"0x{investor.hex[:8]:0>40}"
    payment = payment_id("bank", name)
    unmatched = investor.int % 50 == 0
    yield investor, InvestorRegistered(investor_id=investor, reference=name, owner=name)
    yield investor, KycSubmitted(evidence=DIGEST)
    yield investor, KycApproved(level="full", valid_until=BEGAN + timedelta(days=700))
    committed = InvestmentCommitted(
        investment_id=investment,
        campaign_id=campaign,
        investor_id=investor,
        wallet=wallet,
        amount=AMOUNT,
        shares=SHARES,
        acknowledgements=(Acknowledgement(kind="risk", text="risk-2026-01"),),
        documents_hash=DIGEST,
    )
    yield investment, committed
    yield campaign, CommitmentAccepted(investment_id=investment, investor_id=investor, amount=AMOUNT)
    counted = CommitmentCounted(investment_id=investment, campaign_id=campaign, currency="ETB", amount=AMOUNT, at=BEGAN)
    yield investor, counted
    paid = {"investment_id": investment, "campaign_id": campaign, "applied": AMOUNT}
    yield (
        payment,
        PaymentRecorded(
            provider="bank",
            reference=name,
            amount=AMOUNT,
            currency="ETB",
            recorder="maker",
            **({} if unmatched else paid),  # type: ignore[arg-type]
        ),
    )
    if unmatched:
        yield payment, PaymentMatched(investment_id=investment, campaign_id=campaign, applied=AMOUNT)
    yield (
        investment,
        InvestmentFunded(
            campaign_id=campaign, wallet=wallet, provider="bank", reference=name, amount=AMOUNT, shares=SHARES
        ),
    )
    yield investment, RecordingConfirmed(on_chain=_fact(1))
    yield campaign, FundingReceived(investment_id=investment, amount=AMOUNT)
    yield investment, SharesAllotted(campaign_id=campaign, wallet=wallet, shares=SHARES)
    yield investment, CertificateConfirmed(token_id=str(investment.int), on_chain=_fact(1))


def _end(campaign: UUID) -> Iterator[Told]:
    raised = AMOUNT * INVESTORS_PER_CAMPAIGN
    yield campaign, ClosingStarted(reason="deadline")
    yield campaign, CampaignClosed(outcome="successful", raised=raised, reason="deadline")
    release = uuid5(campaign, "release")
    fee = raised // 40
    yield campaign, ReleaseRequested(release_id=release, amount=raised - fee, fee=fee, requester="maker")
    yield campaign, ReleaseApproved(release_id=release, amount=raised - fee, fee=fee, wallet="0x" + "a1" * 20)
    yield campaign, ReleaseConfirmed(release_id=release, on_chain=_fact(1))
