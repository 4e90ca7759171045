"""The investment: a commitment within the cap, its money once, and then shares, or the money back. Late money too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.campaign import Campaign, CommitmentAccepted, CommitmentReleased, FundingReceived
from domain.commands import (
    AllotShares,
    CommitInvestment,
    ConfirmCertificate,
    ConfirmRecording,
    ConfirmRefund,
    LapseCommitment,
    OrderRefund,
    RecordPayment,
    RejectPosting,
    ReturnPayment,
)
from domain.investment import (
    UNAPPLIED_MAX,
    CertificateConfirmed,
    CommitmentLapsed,
    Investment,
    InvestmentFunded,
    InvestmentPostingRejected,
    PaymentReturned,
    PaymentUnapplied,
    RecordingConfirmed,
    RefundConfirmed,
    RefundOrdered,
    SharesAllotted,
)
from domain.investor import InvestorRegistered, KycApproved
from domain.journal import Actor
from domain.values import AMOUNT_MAX
from tests.unit.domain.examples import (
    CAMPAIGN,
    COMMITTED,
    DEADLINE,
    ELIGIBLE,
    FAILED,
    FUNDED,
    INDEXER,
    INVESTMENT,
    INVESTOR,
    INVESTOR_ID,
    INVESTOR_WALLET,
    ISSUER,
    ISSUER_WALLET,
    KNOWN_INVESTOR,
    LIVE,
    OTHER_INVESTOR,
    PROCESS,
    RISK_TEXT,
    SUBMITTED,
    SUCCEEDED,
    TREASURY_CHECKER,
    TREASURY_MAKER,
    WRITER,
    closed,
    committed,
    fact,
)
from tests.unit.domain.scenario import given

READY = (*LIVE, *ELIGIBLE)


def _commit(amount: int = 80_000, **changes: Any) -> CommitInvestment:
    fields: dict[str, Any] = {
        "investment_id": INVESTMENT,
        "campaign_id": CAMPAIGN,
        "investor_id": INVESTOR_ID,
        "amount": amount,
        "acknowledgement": RISK_TEXT,
    }
    return CommitInvestment(**{**fields, **changes})


def _pay(amount: int = 80_000, *, reference: str = "tr-1", provider: str = "bank") -> RecordPayment:
    return RecordPayment(investment_id=INVESTMENT, provider=provider, reference=reference, amount=amount)


# Committing.


def test_a_commitment_is_recorded_with_its_investment_and_its_campaign_at_once() -> None:
    after = given(*READY).when(_commit(), by=INVESTOR).then(*committed(80_000))
    assert after.state(Campaign).committed == 80_000
    assert after.state(Investment).shares == 80


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (0, "amount-not-positive"),
        (-1_000, "amount-not-positive"),
        (AMOUNT_MAX + 1, "amount-too-large"),
        (9_000, "below-minimum"),  # seed rule 3
        (10_500, "not-whole-shares"),  # seed rule 7
        (121_000, "cap-exceeded"),
    ],
)
def test_an_amount_that_the_campaign_cannot_take_is_refused(amount: int, code: str) -> None:
    given(*READY).when(_commit(amount), by=INVESTOR).then_refused(code)


def test_the_cap_holds_over_all_commitments_to_the_last_share() -> None:
    second = UUID(int=0x18)
    refusal = given(*COMMITTED).when(_commit(41_000, investment_id=second), by=INVESTOR).then_refused("cap-exceeded")
    assert refusal.fields == {"available": "40000"}
    given(*COMMITTED).when(_commit(40_000, investment_id=second), by=INVESTOR).then_topics(
        "investment.committed", "campaign.commitment_accepted"
    )


def test_commitments_end_at_the_deadline_and_with_the_closing() -> None:
    early = DEADLINE - timedelta(microseconds=1)
    given(*READY).when(_commit(), by=INVESTOR, now=early).then(*committed(80_000))
    given(*READY).when(_commit(), by=INVESTOR, now=DEADLINE).then_refused("deadline-passed")
    ended = given(*READY, *closed("failed", 0))
    ended.when(_commit(), by=INVESTOR).then_refused("wrong-status")
    given(*SUBMITTED, *ELIGIBLE).when(_commit(), by=INVESTOR).then_refused("wrong-status")


def test_only_the_investor_with_an_approved_kyc_commits() -> None:
    given(*READY).when(_commit(), by=OTHER_INVESTOR).then_refused("not-yours")
    given(*LIVE, *KNOWN_INVESTOR).when(_commit(), by=INVESTOR).then_refused("kyc-missing")
    given(*LIVE).when(_commit(), by=INVESTOR).then_refused("not-found")
    given(*READY).when(_commit(acknowledgement=""), by=INVESTOR).then_refused("text-not-acceptable")
    given(*COMMITTED).when(_commit(10_000), by=INVESTOR).then_refused("already-exists")


@pytest.mark.parametrize(
    ("owner", "wallet"), [(ISSUER.id, INVESTOR_WALLET), (INVESTOR.id, ISSUER_WALLET), (INVESTOR.id, "lower")]
)
def test_the_issuer_does_not_invest_in_its_own_campaign(owner: str, wallet: str) -> None:
    """Seed rule 8, kept by principal and by wallet, however the wallet is written."""
    address = ISSUER_WALLET.lower() if wallet == "lower" else wallet
    self_dealer = InvestorRegistered(investor_id=INVESTOR_ID, wallet=address, reference="r", owner=owner)
    state = given(*LIVE, self_dealer, KycApproved(level="premium"))
    state.when(_commit(), by=Actor(owner, "investor")).then_refused("own-campaign")


# Paying in time.


def test_a_payment_funds_the_investment_and_counts_for_the_campaign_at_once() -> None:
    funded = InvestmentFunded(
        campaign_id=CAMPAIGN, wallet=INVESTOR_WALLET, provider="bank", reference="tr-1", amount=80_000, shares=80
    )
    received = FundingReceived(investment_id=INVESTMENT, amount=80_000)
    after = given(*COMMITTED).when(_pay(), by=TREASURY_MAKER).then(funded, received)
    assert (after.state(Campaign).raised, after.state(Campaign).funded_investments) == (80_000, 1)


def test_the_same_payment_again_is_so_already_and_another_one_is_refused() -> None:
    given(*FUNDED).when(_pay(), by=TREASURY_MAKER).then_nothing()
    given(*SUCCEEDED).when(_pay(), by=TREASURY_MAKER).then_nothing()
    for other in (_pay(reference="tr-2"), _pay(provider="telebirr"), _pay(79_000)):
        given(*FUNDED).when(other, by=TREASURY_MAKER).then_refused("already-funded")
        given(*SUCCEEDED).when(other, by=TREASURY_MAKER).then_refused("already-funded")


def test_a_payment_is_exactly_what_was_committed_and_says_where_it_came_from() -> None:
    refusal = given(*COMMITTED).when(_pay(79_000), by=TREASURY_MAKER).then_refused("amount-differs")
    assert refusal.fields == {"committed": "80000"}
    given(*COMMITTED).when(_pay(reference=""), by=TREASURY_MAKER).then_refused("text-not-acceptable")
    given(*COMMITTED).when(_pay(provider=" "), by=TREASURY_MAKER).then_refused("text-not-acceptable")


def test_a_payment_after_the_deadline_counts_until_the_campaign_closes() -> None:
    late = DEADLINE + timedelta(days=1)
    given(*COMMITTED).when(_pay(), by=TREASURY_MAKER, now=late).then_topics(
        "investment.funded", "campaign.funding_received"
    )


# Paying too late: the money is never lost from sight.

CLOSED = (*COMMITTED, *closed("failed", 0, on_chain=False))
LAPSED = (
    *COMMITTED,
    *closed("failed", 0),
    CommitmentLapsed(campaign_id=CAMPAIGN, amount=80_000, reason="campaign closed"),
    CommitmentReleased(investment_id=INVESTMENT, amount=80_000, reason="campaign closed"),
)
UNAPPLIED = PaymentUnapplied(
    campaign_id=CAMPAIGN, provider="bank", reference="tr-1", amount=80_000, recorder=TREASURY_MAKER.id
)
RETURN = ReturnPayment(investment_id=INVESTMENT, provider="bank", reference="tr-1", return_reference="back-1")


@pytest.mark.parametrize("before", [CLOSED, LAPSED], ids=["between closing and settlement", "after the lapse"])
def test_money_that_comes_after_the_closing_is_set_aside_and_counts_for_nothing(before: tuple[Any, ...]) -> None:
    raised = given(*before).state(Campaign).raised
    after = given(*before).when(_pay(), by=TREASURY_MAKER).then(UNAPPLIED)
    assert after.state(Campaign).raised == raised
    after.when(_pay(), by=TREASURY_MAKER).then_nothing()


def test_late_money_is_set_aside_whatever_its_amount() -> None:
    odd = msgspec.structs.replace(UNAPPLIED, amount=123)
    given(*CLOSED).when(_pay(123), by=TREASURY_MAKER).then(odd)
    given(*CLOSED).when(_pay(0), by=TREASURY_MAKER).then_refused("amount-not-positive")
    given(*CLOSED).when(_pay(reference=""), by=TREASURY_MAKER).then_refused("text-not-acceptable")
    given(*CLOSED, UNAPPLIED).when(_pay(123), by=TREASURY_MAKER).then_refused("already-exists")
    many = [msgspec.structs.replace(UNAPPLIED, reference=f"tr-{n}") for n in range(2, UNAPPLIED_MAX + 2)]
    given(*CLOSED, *many).when(_pay(), by=TREASURY_MAKER).then_refused("too-many")


def test_an_investment_with_money_set_aside_still_lapses() -> None:
    state = given(*COMMITTED, *closed("failed", 0), UNAPPLIED)
    lapse = LapseCommitment(investment_id=INVESTMENT, reason="campaign closed")
    after = state.when(lapse, by=PROCESS).then_topics("investment.lapsed", "campaign.commitment_released")
    assert after.state(Investment).unapplied[0].amount == 80_000


def test_late_money_goes_back_once_by_another_hand() -> None:
    returned = PaymentReturned(
        campaign_id=CAMPAIGN, provider="bank", reference="tr-1", amount=80_000, return_reference="back-1"
    )
    state = given(*LAPSED, UNAPPLIED)
    after = state.when(RETURN, by=TREASURY_CHECKER).then(returned)
    assert after.state(Investment).unapplied[0].returned
    after.when(RETURN, by=TREASURY_CHECKER).then_nothing()
    given(*LAPSED, UNAPPLIED).when(RETURN, by=Actor(TREASURY_MAKER.id, "treasury_checker")).then_refused("four-eyes")
    given(*LAPSED).when(RETURN, by=TREASURY_CHECKER).then_refused("not-found")
    wordless = msgspec.structs.replace(RETURN, return_reference="")
    given(*LAPSED, UNAPPLIED).when(wordless, by=TREASURY_CHECKER).then_refused("text-not-acceptable")


# Recording on the chain.


def test_the_chains_log_confirms_the_recording_once() -> None:
    confirm = ConfirmRecording(investment_id=INVESTMENT, on_chain=fact(15))
    after = given(*FUNDED).when(confirm, by=INDEXER).then(RecordingConfirmed(on_chain=fact(15)))
    after.when(confirm, by=INDEXER).then_nothing()
    given(*COMMITTED).when(confirm, by=INDEXER).then_refused("not-obliged")
    after.when(ConfirmRecording(investment_id=INVESTMENT, on_chain=fact(16)), by=INDEXER).then_refused(
        "confirmed-otherwise"
    )


# Allotment and certificate: seed rule 6, only after success, one an investment.

ALLOT = AllotShares(investment_id=INVESTMENT)
ALLOTTED = SharesAllotted(campaign_id=CAMPAIGN, wallet=INVESTOR_WALLET, shares=80)


def test_shares_are_allotted_once_after_the_success_stands_on_the_chain() -> None:
    after = given(*SUCCEEDED).when(ALLOT, by=PROCESS).then(ALLOTTED)
    after.when(ALLOT, by=PROCESS).then_nothing()
    unconfirmed = (*FUNDED, *closed("successful", 80_000, on_chain=False))
    for before in (FUNDED, unconfirmed, FAILED):
        given(*before).when(ALLOT, by=PROCESS).then_refused("not-successful")
    unpaid = (*COMMITTED, *closed("successful", 0))
    given(*unpaid).when(ALLOT, by=PROCESS).then_refused("wrong-status")


def test_the_chains_log_confirms_the_certificate_once() -> None:
    confirm = ConfirmCertificate(investment_id=INVESTMENT, token_id="23", on_chain=fact(25))
    after = given(*SUCCEEDED, ALLOTTED).when(confirm, by=INDEXER)
    certified = after.then(CertificateConfirmed(token_id="23", on_chain=fact(25)))
    assert certified.state(Investment).status == "certified"
    certified.when(confirm, by=INDEXER).then_nothing()
    certified.when(ALLOT, by=PROCESS).then_nothing()
    given(*SUCCEEDED).when(confirm, by=INDEXER).then_refused("not-obliged")
    other = ConfirmCertificate(investment_id=INVESTMENT, token_id="23", on_chain=fact(26))
    certified.when(other, by=INDEXER).then_refused("confirmed-otherwise")


# Refunds: seed rule 5.

REFUND = OrderRefund(investment_id=INVESTMENT, reason="campaign failed")
ORDERED = RefundOrdered(campaign_id=CAMPAIGN, wallet=INVESTOR_WALLET, amount=20_000, reason="campaign failed")


def test_a_refund_is_ordered_once_after_the_failure_stands_on_the_chain() -> None:
    after = given(*FAILED).when(REFUND, by=PROCESS).then(ORDERED)
    after.when(REFUND, by=PROCESS).then_nothing()
    for before in (FUNDED, SUCCEEDED):
        given(*before).when(REFUND, by=PROCESS).then_refused("not-failed")
    given(*COMMITTED, *closed("failed", 0)).when(REFUND, by=PROCESS).then_refused("wrong-status")


def test_the_chains_log_confirms_the_refund_once() -> None:
    confirm = ConfirmRefund(investment_id=INVESTMENT, on_chain=fact(25))
    after = given(*FAILED, ORDERED).when(confirm, by=INDEXER)
    refunded = after.then(RefundConfirmed(campaign_id=CAMPAIGN, on_chain=fact(25)))
    refunded.when(confirm, by=INDEXER).then_nothing()
    refunded.when(REFUND, by=PROCESS).then_nothing()
    given(*FAILED).when(confirm, by=INDEXER).then_refused("not-obliged")
    refunded.when(ConfirmRefund(investment_id=INVESTMENT, on_chain=fact(26)), by=INDEXER).then_refused(
        "confirmed-otherwise"
    )


# Lapsing.

LAPSE = LapseCommitment(investment_id=INVESTMENT, reason="campaign closed")


def test_an_unfunded_commitment_lapses_with_its_campaign_and_leaves_its_room() -> None:
    lapsed = CommitmentLapsed(campaign_id=CAMPAIGN, amount=80_000, reason="campaign closed")
    released = CommitmentReleased(investment_id=INVESTMENT, amount=80_000, reason="campaign closed")
    after = given(*COMMITTED, *closed("failed", 0)).when(LAPSE, by=PROCESS).then(lapsed, released)
    assert after.state(Campaign).committed == 0
    after.when(LAPSE, by=PROCESS).then_nothing()
    given(*FAILED).when(LAPSE, by=PROCESS).then_nothing()
    given(*COMMITTED).when(LAPSE, by=PROCESS).then_refused("still-open")


def test_what_the_chain_refused_for_good_is_kept() -> None:
    rejection = RejectPosting(stream=INVESTMENT, entry_position=12, code="CapExceeded", reason="CapExceeded(…)")
    kept = InvestmentPostingRejected(entry_position=12, code="CapExceeded", reason="CapExceeded(…)")
    before = given(*FUNDED)
    assert before.when(rejection, by=WRITER).then(kept).state(Investment) == given(*FUNDED).state(Investment)


def test_releasing_a_commitment_makes_room_for_another() -> None:
    after = given(*READY, CommitmentAccepted(investment_id=INVESTMENT, investor_id=INVESTOR_ID, amount=120_000))
    after.when(_commit(investment_id=UUID(int=0x18)), by=INVESTOR).then_refused("cap-exceeded")
    freed = after.and_given(CommitmentReleased(investment_id=INVESTMENT, amount=120_000, reason="lapsed"))
    freed.when(_commit(investment_id=UUID(int=0x18)), by=INVESTOR).then_topics(
        "investment.committed", "campaign.commitment_accepted"
    )
