"""The investor: an opaque id and a wallet, KYC by other eyes."""

from __future__ import annotations

import pytest

from domain.commands import ApproveKyc, RegisterInvestor, RejectPosting
from domain.investor import KYC_LEVELS, Investor, KycApproved
from domain.journal import Actor
from domain.values import TEXT_CHARS_MAX
from tests.unit.domain.examples import (
    COMPLIANCE,
    ELIGIBLE,
    INVESTOR,
    INVESTOR_ID,
    INVESTOR_WALLET,
    KNOWN_INVESTOR,
    WRITER,
)
from tests.unit.domain.scenario import given


def _register(wallet: str = INVESTOR_WALLET, reference: str = "person-7") -> RegisterInvestor:
    return RegisterInvestor(investor_id=INVESTOR_ID, wallet=wallet, reference=reference)


def test_an_investor_is_registered_once_with_a_wallet_and_an_opaque_reference() -> None:
    given().when(_register(), by=INVESTOR).then(*KNOWN_INVESTOR)
    given(*KNOWN_INVESTOR).when(_register(), by=INVESTOR).then_refused("already-exists")
    given().when(_register(wallet="0x12"), by=INVESTOR).then_refused("wallet-not-acceptable")
    given().when(_register(reference=" "), by=INVESTOR).then_refused("text-not-acceptable")
    given().when(_register(reference="x" * (TEXT_CHARS_MAX + 1)), by=INVESTOR).then_refused("text-not-acceptable")


@pytest.mark.parametrize("level", sorted(KYC_LEVELS))
def test_compliance_approves_the_kyc_at_a_level(level: str) -> None:
    approve = ApproveKyc(investor_id=INVESTOR_ID, level=level)
    after = given(*KNOWN_INVESTOR).when(approve, by=COMPLIANCE).then(KycApproved(level=level))
    assert after.state(Investor).level == level
    after.when(approve, by=COMPLIANCE).then_nothing()


def test_the_kyc_is_not_approved_by_the_investor_nor_at_an_unknown_level() -> None:
    approve = ApproveKyc(investor_id=INVESTOR_ID, level="basic")
    given(*KNOWN_INVESTOR).when(approve, by=Actor(INVESTOR.id, "compliance")).then_refused("four-eyes")
    unknown = ApproveKyc(investor_id=INVESTOR_ID, level="gold")
    given(*KNOWN_INVESTOR).when(unknown, by=COMPLIANCE).then_refused("unknown-value")
    given().when(approve, by=COMPLIANCE).then_refused("not-found")


def test_an_investor_obliges_no_posting_so_none_can_be_rejected() -> None:
    rejection = RejectPosting(stream=INVESTOR_ID, entry_position=1, code="c", reason="r")
    given(*ELIGIBLE).when(rejection, by=WRITER).then_refused("not-found")
