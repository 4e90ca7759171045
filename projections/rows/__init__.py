"""The rows of the book: one frozen value each, as the views fold them and the questions answer them.

`position` is that of the first entry of the row's stream: rows are listed in this order, and the last one's position
is the cursor to the next page. `version` is the stream's. Money is in minor units of the campaign's currency, or wei.
"""

from __future__ import annotations

import msgspec

from projections.rows.activity import Activity, Party
from projections.rows.campaign import Campaign, CampaignChange, CampaignDocument, Milestone, Release, Update
from projections.rows.certificate import Certificate, CertificateChange, Holder, Holding, Shareholding
from projections.rows.company import Company, Document, Override, Profile, Raise
from projections.rows.generation import Generation
from projections.rows.investment import Acknowledgement, CertificateRequest, Investment
from projections.rows.investor import Investor, Means, RiskText, WalletChallenge
from projections.rows.money import Balance, Escrow, Line, Payment
from projections.rows.portfolio import CampaignStake, Stake, sums_of
from projections.rows.posting import Due, Posting
from projections.rows.row import Row


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How far the book is, and how many rows each table has."""

    position: int
    rows: dict[str, int]


__all__ = [
    "Acknowledgement",
    "Activity",
    "Balance",
    "Campaign",
    "CampaignChange",
    "CampaignDocument",
    "CampaignStake",
    "Certificate",
    "CertificateChange",
    "CertificateRequest",
    "Company",
    "Document",
    "Due",
    "Escrow",
    "Generation",
    "Holder",
    "Holding",
    "Investment",
    "Investor",
    "Line",
    "Means",
    "Milestone",
    "Override",
    "Party",
    "Payment",
    "Posting",
    "Profile",
    "Raise",
    "Release",
    "RiskText",
    "Row",
    "Shareholding",
    "Stake",
    "Summary",
    "Update",
    "WalletChallenge",
    "sums_of",
]
