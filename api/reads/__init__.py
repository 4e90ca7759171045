"""The answers to questions: one function a question, each asking for the right to see before it shows."""

from api.reads.house import due, events, me, operation, operations, refusals, rule_packs, timeline
from api.reads.ledger import chain_ledger
from api.reads.money import escrow, investment_payments, payment, payments, releases
from api.reads.offerings import (
    campaign,
    campaign_investments,
    campaigns,
    cap_table,
    companies,
    company,
    updates,
    waiting_list,
)
from api.reads.page import Page
from api.reads.people import challenge, investment, investments, investor, investors

__all__ = [
    "Page",
    "campaign",
    "campaign_investments",
    "campaigns",
    "cap_table",
    "chain_ledger",
    "challenge",
    "companies",
    "company",
    "due",
    "escrow",
    "events",
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
    "refusals",
    "releases",
    "rule_packs",
    "timeline",
    "updates",
    "waiting_list",
]
