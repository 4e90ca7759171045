"""Deciders about what an investor may commit to: classification, test, means, limits. None: it is so already."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain.errors import Refusal
from domain.eyes import check_other_eyes
from domain.investor.events import (
    CommitmentCounted,
    CommitmentUncounted,
    EntryTestRecorded,
    InvestorClassified,
    MeansDeclared,
    RiskAcknowledged,
)
from domain.investor.state import CLASSIFICATIONS, Investor, Means
from domain.journal.entries import Actor, Event
from domain.rule_packs import RulePack
from domain.values import AMOUNT_MAX, BPS, Terms, check_digest, check_later, check_text


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A commitment as far as the investor's own rules look at it. `kinds` are those of its acknowledgements."""

    investment_id: UUID
    campaign_id: UUID
    amount: int
    kinds: frozenset[str]
    issuer: str
    issuer_wallet: str


def classify(
    investor: Investor, *, classification: str, evidence: str, valid_until: datetime | None, now: datetime, by: Actor
) -> Event:
    investor.check_there()
    if classification not in CLASSIFICATIONS:
        known = ", ".join(sorted(CLASSIFICATIONS))
        raise Refusal("unknown-value", f"classification must be one of {known}", field="classification")
    check_other_eyes(by, investor.owner)
    check_digest(evidence, name="evidence")
    check_later(valid_until, than=now, name="valid_until")
    return InvestorClassified(classification=classification, evidence=evidence, valid_until=valid_until)


def record_test(
    investor: Investor, *, passed: bool, evidence: str, valid_until: datetime, now: datetime, by: Actor
) -> Event:
    """The entry knowledge test (ECSPR art. 21): whoever has failed may be warned, here they may not commit."""
    investor.check_there()
    check_other_eyes(by, investor.owner)
    check_digest(evidence, name="evidence")
    check_later(valid_until, than=now, name="valid_until")
    return EntryTestRecorded(passed=passed, evidence=evidence, valid_until=valid_until)


def declare_means(
    investor: Investor, *, income: int, net_worth: int, pack: RulePack, now: datetime, by: Actor
) -> Event:
    """Work out this investor's limit under a pack. The figures are used here and kept nowhere in the journal."""
    investor.check_owned(by)
    investor.check_there()
    for name, given in (("income", income), ("net_worth", net_worth)):
        if not 0 <= given <= AMOUNT_MAX:
            raise Refusal("amount-too-large", f"{name} must lie between 0 and {AMOUNT_MAX}", field=name)
    limit = pack.yearly_limit.of(income=income, net_worth=net_worth) if pack.yearly_limit else 0
    warning = max(pack.warning_minimum, net_worth * pack.warning_net_worth_bps // BPS) if pack.warning_minimum else 0
    means = Means(pack=pack.id, yearly_limit=limit, warning_from=warning, declared_at=now)
    return MeansDeclared(means=means)


def acknowledge(investor: Investor, *, kind: str, sha256: str, by: Actor) -> Event | None:
    """The investor has read a text, by its hash."""
    investor.check_owned(by)
    investor.check_there()
    check_text(kind, name="kind")
    check_digest(sha256, name="sha256")
    return None if investor.acknowledged.get(kind) == sha256 else RiskAcknowledged(kind=kind, sha256=sha256)


def count(investor: Investor, asked: Asked, *, terms: Terms, pack: RulePack, now: datetime, by: Actor) -> Event:
    """Let a commitment count, if this investor may make it."""
    _check_person(investor, asked, now=now, by=by)
    _check_knowledge(investor, asked, pack=pack, now=now)
    _check_campaign_limit(investor, asked, terms)
    _check_yearly_limit(investor, asked, terms=terms, pack=pack, now=now)
    return CommitmentCounted(
        investment_id=asked.investment_id,
        campaign_id=asked.campaign_id,
        currency=terms.currency,
        amount=asked.amount,
        at=now,
    )


def recount(investor: Investor, investment_id: UUID, *, amount: int) -> Event | None:
    """It came to less than was committed: only that counts, from the same moment on. None if it does not count."""
    counted = investor.counted.get(investment_id)
    if counted is None or counted.amount == amount:
        return None
    return CommitmentCounted(
        investment_id=investment_id,
        campaign_id=counted.campaign_id,
        currency=counted.currency,
        amount=amount,
        at=counted.at,
    )


def uncount(investor: Investor, investment_id: UUID) -> Event | None:
    """None if it does not count (any more)."""
    return CommitmentUncounted(investment_id=investment_id) if investment_id in investor.counted else None


def _check_person(investor: Investor, asked: Asked, *, now: datetime, by: Actor) -> None:
    investor.check_owned(by)
    investor.check_there()
    expired = investor.kyc_until is not None and now >= investor.kyc_until
    if investor.kyc == "expired" or (investor.kyc == "approved" and expired):
        raise Refusal("kyc-expired", "the investor's KYC has expired: it must be approved again")
    if investor.kyc != "approved":
        raise Refusal("kyc-missing", "the investor's KYC must be approved first")
    if investor.wallet is None:
        raise Refusal("wallet-not-bound", "the investor must bind a wallet by its signature first")
    if investor.owner == asked.issuer or investor.wallet.lower() == asked.issuer_wallet.lower():
        raise Refusal("own-campaign", "the issuer may not invest in its own campaign")


def _check_knowledge(investor: Investor, asked: Asked, *, pack: RulePack, now: datetime) -> None:
    """What the pack wants an investor to know before the commitment."""
    missing = [kind for kind in pack.acknowledgements if kind not in asked.kinds]
    if missing:
        text = f"the commitment must acknowledge {', '.join(missing)}"
        raise Refusal("acknowledgement-missing", text, field="acknowledgements", kinds=missing)
    classification = investor.classification_at(now)
    if pack.entry_test and classification not in pack.entry_test_exempt:
        if investor.test_passed_until is None or now >= investor.test_passed_until:
            raise Refusal("test-missing", "the entry knowledge test must be passed, and renewed in time")
        _check_warning(investor, asked, pack)


def _check_warning(investor: Investor, asked: Asked, pack: RulePack) -> None:
    """ECSPR art. 21(7): above the higher of a floor and a part of the net worth, a warning is acknowledged."""
    if not pack.warning_minimum:
        return
    means = investor.means.get(pack.id)
    warning_from = means.warning_from if means else pack.warning_minimum
    if asked.amount > warning_from and "large-investment" not in asked.kinds:
        text = f"above {warning_from} the commitment must acknowledge large-investment"
        raise Refusal("acknowledgement-missing", text, field="acknowledgements", kinds=["large-investment"])


def _check_campaign_limit(investor: Investor, asked: Asked, terms: Terms) -> None:
    if not terms.investor_maximum:
        return
    rest = terms.investor_maximum - investor.committed_to(asked.campaign_id)
    if asked.amount > rest:
        text = f"this investor may still commit {max(0, rest)} in this campaign"
        raise Refusal("investor-limit", text, field="amount", available=str(max(0, rest)))


def _check_yearly_limit(investor: Investor, asked: Asked, *, terms: Terms, pack: RulePack, now: datetime) -> None:
    """17 CFR 227.100(a)(2): a limit over all campaigns in twelve months, from what the investor declared."""
    limit = pack.yearly_limit
    if limit is None or investor.classification_at(now) in limit.exempt:
        return
    means = investor.means.get(pack.id)
    if means is None:
        raise Refusal("means-missing", f"income and net worth must be declared under {pack.id} first")
    rest = means.yearly_limit - investor.committed_in_year(terms.currency, now)
    if asked.amount > rest:
        text = f"this investor may still commit {max(0, rest)} in twelve months"
        raise Refusal("yearly-limit", text, field="amount", available=str(max(0, rest)))
