"""Every topic of the journal and the class that reads it. A topic is for ever: rename the class, never the topic."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from domain.campaign import coin_events, money_events
from domain.campaign import events as campaign
from domain.campaign import posting_events as campaign_postings
from domain.campaign.state import Campaign
from domain.company import events as company
from domain.company import posting_events as company_postings
from domain.company.state import Company
from domain.investment import events as investment
from domain.investment import posting_events as investment_postings
from domain.investment.state import Investment
from domain.investor import events as investor
from domain.investor.state import Investor
from domain.journal.encoding import Codec, Upcaster
from domain.journal.entries import Event
from domain.journal.snapshots import Snapshots, fingerprint_of
from domain.ledger import events as ledger
from domain.ledger.state import ChainLedger
from domain.payment import events as payment
from domain.payment.state import Payment


def _of(module: ModuleType) -> list[type[Event]]:
    """The event classes that a module defines, in its order."""
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind.__module__ == module.__name__
    ]


EVENT_CLASSES: tuple[type[Event], ...] = tuple(
    kind
    for module in (
        *(company, company_postings),
        *(campaign, money_events, coin_events, campaign_postings),
        *(investment, investment_postings),
        *(investor, payment, ledger),
    )
    for kind in _of(module)
)

EVENTS: dict[str, type[Event]] = {kind.TOPIC: kind for kind in EVENT_CLASSES}


def _committed_1_to_2(data: dict[str, Any]) -> dict[str, Any]:
    """One text became a list of acknowledgements by kind: the one there was is about the risk."""
    acknowledgement = data.pop("acknowledgement")
    return {**data, "acknowledgements": [{"kind": "risk", "text": acknowledgement}]}


def _registered_1_to_2(data: dict[str, Any]) -> dict[str, Any]:
    """The wallet was only claimed: nobody had signed for it."""
    wallet = data.pop("wallet")
    return {**data, "claimed_wallet": wallet}


# (topic, schema version) -> what lifts its data to the next version.
UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("investment.committed", 1): _committed_1_to_2,
    ("investor.registered", 1): _registered_1_to_2,
}


STATES: dict[str, type[Any]] = {
    "company": Company,
    "campaign": Campaign,
    "investment": Investment,
    "investor": Investor,
    "payment": Payment,
    "ledger": ChainLedger,
}


def snapshots() -> Snapshots:
    """The snapshots of the house, made by this very source."""
    return Snapshots(STATES, fingerprint=fingerprint_of("domain"))


def codec() -> Codec:
    """The codec of the house: what encodes and decodes every entry."""
    return Codec(EVENTS, upcasters=UPCASTERS)
