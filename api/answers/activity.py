"""Answers about what has happened, in words for people."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.answers.answer import Amount, Answer, shown
from projections import rows


class Activity(Answer, frozen=True, kw_only=True):
    """One thing that happened: `kind` for programs, `text` for people. No text that people wrote is in it.

    `amount` is in minor units of the campaign's currency. `position` is the entry's, whose timeline tells the rest.
    """

    position: int
    at: datetime
    kind: str
    text: str
    company_id: UUID | None
    campaign_id: UUID | None
    investor_id: UUID | None
    investment_id: UUID | None
    amount: Amount | None
    shares: int | None


# Where the words of the kind alone would not tell it.
TEXTS = {
    "campaign_opened": "The campaign opened for commitments.",
    "news_posted": "The issuer posted news.",
    "change_approved": "A material change was approved: investors are asked to reconfirm.",
    "early_close_announced": "An early close was announced.",
    "closing_started": "The campaign takes no more commitments.",
    "refunds_completed": "All refunds have been paid.",
    "changes_requested": "The review asked for changes.",
    "release_confirmed": "Raised money went to the issuer.",
    "committed": "An investor committed.",
    "admitted": "A waiting commitment was admitted.",
    "reconfirmed": "An investor stood by the commitment.",
    "cancelled": "A commitment was cancelled.",
    "lapsed": "A commitment lapsed.",
    "scaled_back": "A commitment was scaled back.",
    "funded": "A commitment was paid and counts.",
    "allotted": "Shares were allotted.",
    "revocation_decided": "It was decided to revoke a certificate.",
    "reissue_decided": "It was decided to reissue a certificate.",
    "transfer_approved": "The transfer of a certificate was approved.",
    "refund_confirmed": "A refund was paid.",
}


def activity(row: rows.Activity) -> Activity:
    return shown(Activity, row, text=text_of(row.kind))


def text_of(kind: str) -> str:
    """A sentence about a kind."""
    if kind in TEXTS:
        return TEXTS[kind]
    noun, _, verb = kind.replace("kyb", "KYB").replace("kyc", "KYC").rpartition("_")
    return f"The {noun} was {verb}."
