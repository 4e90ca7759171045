"""The answers to questions: one function a question, each asking for the right to see before it shows."""

from api.reads.activity import activity
from api.reads.house import due, events, me, operation, operations, refusals, rule_packs, timeline
from api.reads.ledger import chain_ledger
from api.reads.money import (
    campaign_trial_balance,
    escrow,
    investment_payments,
    payment,
    payments,
    releases,
    trial_balance,
)
from api.reads.offerings import (
    campaign,
    campaign_investments,
    campaigns,
    companies,
    company,
    updates,
    waiting_list,
)
from api.reads.page import Page, PageAt
from api.reads.people import challenge, investment, investments, investor, investors, portfolio
from api.reads.register import cap_table, certificate, certificates, company_holders, holders

__all__ = [
    "Page",
    "PageAt",
    "activity",
    "campaign",
    "campaign_investments",
    "campaign_trial_balance",
    "campaigns",
    "cap_table",
    "certificate",
    "certificates",
    "chain_ledger",
    "challenge",
    "companies",
    "company",
    "company_holders",
    "due",
    "escrow",
    "events",
    "holders",
    "investment",
    "investment_payments",
    "investments",
    "investor",
    "investors",
    "me",
    "operation",
    "operations",
    "payment",
    "payments",
    "portfolio",
    "refusals",
    "releases",
    "rule_packs",
    "timeline",
    "trial_balance",
    "updates",
    "waiting_list",
]
