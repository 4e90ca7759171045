"""What questions are answered with. These shapes are the public contract; the book's rows may change behind them."""

from api.answers.answer import Amount, Answer, shown
from api.answers.campaigns import Campaign, Release, Update, Waiting, campaign, release, update, waiting
from api.answers.companies import Company, company
from api.answers.house import (
    AMOUNT_NAMES,
    Due,
    Entry,
    Me,
    RefusalList,
    RulePackList,
    due,
    entry,
    refusals,
    rule_packs,
)
from api.answers.investments import Investment, Shareholding, investment, shareholding
from api.answers.investors import Investor, WalletChallenge, challenge, investor
from api.answers.ledger import ChainLedger, chain_ledger
from api.answers.money import Escrow, Payment, escrow, payment

__all__ = [
    "AMOUNT_NAMES",
    "Amount",
    "Answer",
    "Campaign",
    "ChainLedger",
    "Company",
    "Due",
    "Entry",
    "Escrow",
    "Investment",
    "Investor",
    "Me",
    "Payment",
    "RefusalList",
    "Release",
    "RulePackList",
    "Shareholding",
    "Update",
    "Waiting",
    "WalletChallenge",
    "campaign",
    "chain_ledger",
    "challenge",
    "company",
    "due",
    "entry",
    "escrow",
    "investment",
    "investor",
    "payment",
    "refusals",
    "release",
    "rule_packs",
    "shareholding",
    "shown",
    "update",
    "waiting",
]
