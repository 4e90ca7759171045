"""What questions are answered with. These shapes are the public contract; the book's rows may change behind them."""

from api.answers.activity import Activity, activity
from api.answers.answer import Amount, Answer, shown
from api.answers.campaigns import Campaign, Release, Update, Waiting, campaign, release, update, waiting
from api.answers.certificates import Certificate, Holding, Shareholding, certificate, holding, shareholding
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
from api.answers.investments import Investment, investment
from api.answers.investors import Investor, WalletChallenge, challenge, investor
from api.answers.ledger import ChainLedger, chain_ledger
from api.answers.money import Escrow, Payment, TrialBalance, escrow, payment, trial_balance
from api.answers.portfolio import Portfolio, portfolio

__all__ = [
    "AMOUNT_NAMES",
    "Activity",
    "Amount",
    "Answer",
    "Campaign",
    "Certificate",
    "ChainLedger",
    "Company",
    "Due",
    "Entry",
    "Escrow",
    "Holding",
    "Investment",
    "Investor",
    "Me",
    "Payment",
    "Portfolio",
    "RefusalList",
    "Release",
    "RulePackList",
    "Shareholding",
    "TrialBalance",
    "Update",
    "Waiting",
    "WalletChallenge",
    "activity",
    "campaign",
    "certificate",
    "chain_ledger",
    "challenge",
    "company",
    "due",
    "entry",
    "escrow",
    "holding",
    "investment",
    "investor",
    "payment",
    "portfolio",
    "refusals",
    "release",
    "rule_packs",
    "shareholding",
    "shown",
    "trial_balance",
    "update",
    "waiting",
]
