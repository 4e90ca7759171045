"""Journal against chain, holder by holder: wallets, sums of each campaign, and who holds which certificate."""

from __future__ import annotations

from collections.abc import Container, Iterator
from uuid import UUID

import msgspec

from abis import from_bytes32
from abis.logs import (
    CampaignClosed,
    CampaignCreated,
    CertificateIssued,
    CertificateReissued,
    CertificateRevoked,
    DeadlineSet,
    ExclusivityLocked,
    ExclusivityReleased,
    InvestmentRecorded,
    IssuerActiveSet,
    IssuerRegistered,
    IssuerUpdated,
    PausedSet,
    RefundRecorded,
    ReleaseRecorded,
    TransferApproved,
)
from ops.reconcile.chain import Certificate, ChainSide, OnCampaign, OnCompany
from ops.reconcile.journal import JournalSide
from ops.reconcile.nouns import Difference
from ops.reconcile.obligations import Obligation

NO_COMPANY = OnCompany(wallet=None, active=False, exclusive_campaign=None)
NO_CAMPAIGN = OnCampaign(deployed=False, raised=0, closed=False, successful=False, paused=False, released=0, refunded=0)
NO_CERTIFICATE = Certificate(owner=None, shares=0, document="")


class Holdings:
    """What the contracts add up to, against what those obligations add up to that the chain holds (`on_chain`).

    `moved` are the approvals that a holder has used. A transfer comes right after its approval: the next change of the
    certificate ends what was approved.
    """

    def __init__(self, journal: JournalSide, *, on_chain: Container[int], moved: Container[int]) -> None:
        self._journal = journal
        self._moved = moved
        self._issued: dict[UUID, Certificate] = {}
        self._companies: dict[UUID, OnCompany] = {}
        self._inactive: set[UUID] = set()
        self._campaigns: dict[UUID, OnCampaign] = {}
        self._certificates: dict[UUID, Certificate] = {}
        for position, obligation in journal.obligations.items():
            if position in on_chain:
                self._hold(obligation)

    def compare(self, chain: ChainSide) -> Iterator[Difference]:
        for company, on_company in chain.companies.items():
            known = self._company(company)
            for what in OnCompany.__struct_fields__:
                name = what.replace("_", " ")
                yield from self._differ("company", company, name, getattr(known, what), getattr(on_company, what))
        for campaign, on_campaign in chain.campaigns.items():
            wanted = self._campaigns.get(campaign, NO_CAMPAIGN)
            for what in OnCampaign.__struct_fields__:
                yield from self._differ("campaign", campaign, what, getattr(wanted, what), getattr(on_campaign, what))
        for investment, certificate in chain.certificates.items():
            held = self._certificates.get(investment, NO_CERTIFICATE)
            for what in Certificate.__struct_fields__:
                sides = getattr(held, what), getattr(certificate, what)
                yield from self._differ("investment", investment, f"certificate {what}", *sides)

    def _hold(self, obligation: Obligation) -> None:
        match obligation.log:
            case IssuerRegistered() | IssuerUpdated() | IssuerActiveSet() | ExclusivityLocked() | ExclusivityReleased():
                self._hold_of_company(obligation)
            case CertificateIssued(holder=holder, shares=shares, content_hash=content_hash):
                issued = Certificate(owner=holder, shares=shares, document=content_hash.hex())
                self._issued[obligation.stream] = self._certificates[obligation.stream] = issued
            case CertificateRevoked():
                self._certificates[obligation.stream] = NO_CERTIFICATE
            case CertificateReissued(holder=holder):
                self._give(obligation.stream, holder)
            case TransferApproved(receiver=receiver):
                if obligation.position in self._moved:
                    self._give(obligation.stream, receiver)
            case _:
                assert obligation.campaign_id is not None
                known = self._campaigns.get(obligation.campaign_id, NO_CAMPAIGN)
                self._campaigns[obligation.campaign_id] = _added(known, obligation)

    def _hold_of_company(self, obligation: Obligation) -> None:
        known = self._companies.get(obligation.stream, NO_COMPANY)
        match obligation.log:
            case IssuerRegistered(wallet=wallet) | IssuerUpdated(wallet=wallet):
                known = msgspec.structs.replace(known, wallet=wallet)
            case IssuerActiveSet(active=active):
                (self._inactive.discard if active else self._inactive.add)(obligation.stream)
            case ExclusivityLocked(campaign_id=campaign):
                known = msgspec.structs.replace(known, exclusive_campaign=from_bytes32(campaign))
            case _:
                known = msgspec.structs.replace(known, exclusive_campaign=None)
        self._companies[obligation.stream] = known

    def _company(self, company: UUID) -> OnCompany:
        """A company is active once it is registered, as long as nobody says otherwise."""
        known = self._companies.get(company, NO_COMPANY)
        return msgspec.structs.replace(known, active=known.wallet is not None and company not in self._inactive)

    def _give(self, investment: UUID, holder: str) -> None:
        """A certificate comes back, or goes on, with the shares and the document that it was issued for."""
        issued = self._issued.get(investment, NO_CERTIFICATE)
        self._certificates[investment] = msgspec.structs.replace(issued, owner=holder)

    def _differ(self, subject: str, thing: UUID, what: str, *sides: object) -> Iterator[Difference]:
        wanted, have = sides
        if wanted != have:
            yield Difference(
                kind="chain-differs",
                subject=subject,
                id=str(thing),
                what=what,
                journal=None if wanted is None else str(wanted),
                chain=None if have is None else str(have),
                positions=self._journal.streams[thing].shown,
            )


def _added(known: OnCampaign, obligation: Obligation) -> OnCampaign:  # noqa: PLR0911  # one for each posting
    """What a campaign's contracts say once they hold one more posting."""
    match obligation.log:
        case CampaignCreated():
            return msgspec.structs.replace(known, deployed=True)
        case InvestmentRecorded(amount=amount):
            return msgspec.structs.replace(known, raised=known.raised + amount)
        case CampaignClosed(successful=successful):
            return msgspec.structs.replace(known, closed=True, successful=successful)
        case PausedSet(paused=paused):
            return msgspec.structs.replace(known, paused=paused)
        case DeadlineSet():  # what it says is compared as a posting
            return known
        case ReleaseRecorded(amount=amount, fee=fee):
            return msgspec.structs.replace(known, released=known.released + amount + fee)
        case RefundRecorded(amount=amount) if obligation.withdraws:
            return msgspec.structs.replace(known, raised=known.raised - amount)
        case RefundRecorded(amount=amount):
            return msgspec.structs.replace(known, refunded=known.refunded + amount)
        case _:
            raise AssertionError(f"{type(obligation.log).__name__} is no posting of a campaign")
