"""The escrow on a chain: releases after a success, refunds after a failure or before the closing, within the sum."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from eth_abi.abi import encode
from eth_account import Account

from abis import calls, campaign_address, to_bytes32
from abis.calls import RefundMember, selector
from abis.hashing import keccak
from abis.logs import AlreadyRecorded, CampaignClosed, Conflict, InvestmentWithdrawn, RefundRecorded, ReleaseRecorded
from tests.unit.abis.ledger import (
    CAMPAIGN,
    CAP,
    ISSUER,
    RELEASE,
    ZERO,
    LedgerOnChain,
    create,
    entry,
    investment,
    refund,
    release,
)

PLACE = "FundEscrow"
MEMBERS = (investment(1), investment(2))
REFUND = calls.record_refunds([refund(1), refund(2)])
CLOSE = calls.close(successful=True, raised=80_000, entry=entry(9))
OTHER_CAMPAIGN, OTHER_RELEASE = UUID(int=2**127 + 0xCB), UUID(int=2**127 + 0x4F)
ESCROW_KEY = "0x" + "6c" * 32


def withdraw(number: int, amount: int) -> bytes:
    """The escrow's call to the campaign."""
    types = ["bytes32", "uint256"]
    return selector("withdraw(bytes32,uint256)") + bytes(encode(types, [to_bytes32(UUID(int=number)), amount]))


def give_escrow_role(ledger: LedgerOnChain, *, verb: str = "grantRole", account: str) -> None:
    data = selector(f"{verb}(bytes32,address)") + encode(["bytes32", "address"], [keccak(b"ESCROW_ROLE"), account])
    ledger.post("CampaignFactory", data, key=ledger.chain.deployer_key)


def recorded(member: RefundMember) -> RefundRecorded:
    return RefundRecorded(
        investment_id=to_bytes32(member.investment_id),
        entry=member.entry,
        campaign_id=to_bytes32(member.campaign_id),
        investor=member.investor,
        amount=member.amount,
    )


# Releases.


def test_a_release_is_recorded_after_the_success_under_its_own_id(ledger: LedgerOnChain) -> None:
    assert ledger.closed(*MEMBERS, successful=True).post(PLACE, release()) == [
        ReleaseRecorded(
            release_id=to_bytes32(RELEASE),
            entry=entry(3),
            campaign_id=to_bytes32(CAMPAIGN),
            issuer=ISSUER,
            amount=78_000,
            fee=2_000,
        )
    ]
    assert ledger.ask(PLACE, "releasedOf(bytes32)", to_bytes32(CAMPAIGN)) == 80_000
    content = encode(["bytes32", "address", "uint256", "uint256"], [to_bytes32(CAMPAIGN), ISSUER, 78_000, 2_000])
    assert ledger.ask(PLACE, "digestOf(bytes32)", to_bytes32(RELEASE)).to_bytes(32, "big") == keccak(content)


def test_several_releases_together_are_not_more_than_was_raised(ledger: LedgerOnChain) -> None:
    ledger.closed(*MEMBERS, successful=True)
    ledger.post(PLACE, release(amount=39_000, fee=1_000))
    over = release(release_id=OTHER_RELEASE, amount=39_000, fee=1_001)
    key = to_bytes32(OTHER_RELEASE).hex()
    assert ledger.refused(PLACE, over).text == f"RaisedExceeded(0x{key}, 80000, 80001)"
    (log,) = ledger.post(PLACE, release(release_id=OTHER_RELEASE, amount=40_000, fee=0))
    assert isinstance(log, ReleaseRecorded)
    assert ledger.ask(PLACE, "releasedOf(bytes32)", to_bytes32(CAMPAIGN)) == 80_000
    one_more = release(release_id=UUID(int=2**127 + 0x50), amount=1, fee=0)
    assert ledger.refused(PLACE, one_more).code == "RaisedExceeded"


def test_a_release_of_another_campaign_under_the_same_id_is_a_conflict(ledger: LedgerOnChain) -> None:
    ledger.closed(*MEMBERS, successful=True).post(PLACE, release())
    (log,) = ledger.post(PLACE, release(campaign_id=OTHER_CAMPAIGN))
    assert isinstance(log, Conflict)


def test_no_release_beyond_what_was_raised_nor_of_a_campaign_that_did_not_succeed(ledger: LedgerOnChain) -> None:
    assert ledger.recorded(*MEMBERS).refused(PLACE, release()).code == "CampaignNotSuccessful"
    assert ledger.refused(PLACE, release(campaign_id=OTHER_CAMPAIGN)).code == "CampaignNotSuccessful"
    ledger.post("campaign", CLOSE)
    assert ledger.refused(PLACE, release(fee=2_001)).code == "RaisedExceeded"
    assert ledger.refused(PLACE, release(fee=2**256 - 1)).code == "panic"
    for wrong in ({"amount": 0}, {"issuer": ZERO}):
        assert ledger.refused(PLACE, release(**wrong)).text == f"ReleaseInvalid(0x{to_bytes32(RELEASE).hex()})"
    assert ledger.refused(PLACE, REFUND).code == "CampaignNotFailed"


# Refunds after a failure.


def test_refunds_are_recorded_after_the_failure(ledger: LedgerOnChain) -> None:
    logs = ledger.closed(*MEMBERS, successful=False).post(PLACE, REFUND)
    assert logs == [recorded(refund(1)), recorded(refund(2))]
    assert ledger.ask(PLACE, "refundedOf(bytes32)", to_bytes32(CAMPAIGN)) == 80_000
    assert ledger.ask("campaign", "totalRaised()") == 80_000, "what a closed campaign raised stays"


def test_no_refund_beyond_what_was_raised_nor_of_a_campaign_that_nobody_knows(ledger: LedgerOnChain) -> None:
    for nobody in (OTHER_CAMPAIGN, UUID(int=0)):
        unknown = calls.record_refunds([refund(1, campaign=nobody)])
        assert ledger.refused(PLACE, unknown).text == f"CampaignUnknown(0x{to_bytes32(nobody).hex()})"
    ledger.closed(*MEMBERS, successful=False)
    over = calls.record_refunds([refund(1), refund(2, amount=40_001)])
    assert ledger.refused(PLACE, over).code == "RaisedExceeded"
    for wrong in (refund(1, amount=0), refund(1, investor=ZERO)):
        assert ledger.refused(PLACE, calls.record_refunds([wrong])).code == "RefundInvalid"
    assert ledger.refused(PLACE, release()).code == "CampaignNotSuccessful"


# Refunds before the closing.


def test_a_refund_before_the_closing_takes_the_investment_out_of_its_campaign(ledger: LedgerOnChain) -> None:
    ledger.recorded(*MEMBERS)
    assert ledger.post(PLACE, calls.record_refunds([refund(1)])) == [
        InvestmentWithdrawn(investment_id=to_bytes32(UUID(int=1)), amount=40_000),
        recorded(refund(1)),
    ]
    assert ledger.ask("campaign", "totalRaised()") == 40_000
    assert ledger.ask("campaign", "withdrawn(bytes32)", to_bytes32(UUID(int=1))) == 1
    assert ledger.ask(PLACE, "refundedOf(bytes32)", to_bytes32(CAMPAIGN)) == 0

    # there is room below the cap again, and the campaign closes with what is left
    ledger.post("campaign", calls.record_investments([investment(3, amount=CAP - 40_000)]))
    (log,) = ledger.post("campaign", calls.close(successful=True, raised=CAP, entry=entry(9)))
    assert isinstance(log, CampaignClosed)


def test_a_refund_before_the_closing_is_repeated_without_effect(ledger: LedgerOnChain) -> None:
    ledger.recorded(*MEMBERS).post(PLACE, calls.record_refunds([refund(1)]))
    again = [refund(1), refund(1, amount=39_000), refund(2)]
    logs = ledger.post(PLACE, calls.record_refunds(again))
    assert [type(log) for log in logs] == [AlreadyRecorded, Conflict, InvestmentWithdrawn, RefundRecorded]
    (repeated,) = ledger.post("campaign", calls.record_investments([investment(1)]))
    assert isinstance(repeated, AlreadyRecorded)
    assert ledger.ask("campaign", "totalRaised()") == 0


def test_only_what_is_recorded_is_withdrawn_and_only_whole(ledger: LedgerOnChain) -> None:
    ledger.recorded(*MEMBERS)
    ids = {n: to_bytes32(UUID(int=n)).hex() for n in (1, 3)}
    unknown = calls.record_refunds([refund(1), refund(3)])
    assert ledger.refused(PLACE, unknown).text == f"InvestmentUnknown(0x{ids[3]})"
    other = calls.record_refunds([refund(1, amount=39_999)])
    assert ledger.refused(PLACE, other).text == f"AmountDiffers(0x{ids[1]}, 40000, 39999)"


def test_a_campaign_hears_of_withdrawals_from_the_escrow_alone(ledger: LedgerOnChain) -> None:
    ledger.recorded(*MEMBERS)
    for key in (ledger.chain.signer_key, ledger.chain.deployer_key, ESCROW_KEY):
        account = Account.from_key(key).address.lower()
        assert ledger.refused("campaign", withdraw(1, 40_000), key=key).text == f"NotEscrow({account})"
    give_escrow_role(ledger, verb="revokeRole", account=ledger.addresses[PLACE])
    refusal = ledger.refused(PLACE, calls.record_refunds([refund(1)]))
    assert refusal.text == f"NotEscrow({ledger.addresses[PLACE].lower()})"


def test_a_withdrawal_is_made_once_and_never_after_the_closing_whoever_is_the_escrow(ledger: LedgerOnChain) -> None:
    ledger.recorded(*MEMBERS)
    give_escrow_role(ledger, account=Account.from_key(ESCROW_KEY).address)
    ledger.post(PLACE, calls.record_refunds([refund(1)]))
    again = ledger.refused("campaign", withdraw(1, 40_000), key=ESCROW_KEY)
    assert again.text == f"AlreadyWithdrawn(0x{to_bytes32(UUID(int=1)).hex()})"
    ledger.post("campaign", calls.close(successful=False, raised=40_000, entry=entry(9)))
    assert ledger.refused("campaign", withdraw(2, 40_000), key=ESCROW_KEY).code == "CampaignIsClosed"


def test_refunds_after_the_failure_are_bounded_by_what_was_left_at_the_closing(ledger: LedgerOnChain) -> None:
    ledger.recorded(*MEMBERS).post(PLACE, calls.record_refunds([refund(1)]))
    ledger.post("campaign", calls.close(successful=False, raised=40_000, entry=entry(9)))
    over = calls.record_refunds([refund(2), refund(3, amount=1)])
    assert ledger.refused(PLACE, over).code == "RaisedExceeded"
    assert ledger.post(PLACE, REFUND) == [
        AlreadyRecorded(key=to_bytes32(UUID(int=1)), entry=entry(3_001)),
        recorded(refund(2)),
    ]


def test_one_batch_refunds_of_campaigns_that_stand_differently(ledger: LedgerOnChain) -> None:
    # given one campaign that failed and one that is not closed
    ledger.closed(*MEMBERS, successful=False)
    ledger.post("CampaignFactory", create(campaign_id=OTHER_CAMPAIGN))
    live = campaign_address(ledger.chain.generation, OTHER_CAMPAIGN)
    other: dict[str, Any] = {"campaign": OTHER_CAMPAIGN}
    members = calls.record_investments([investment(3), investment(4)])
    ledger.chain.send(live, members)

    # when
    batch = [refund(1), refund(3, **other), refund(2), refund(4, **other), refund(4, **other)]
    logs = ledger.post(PLACE, calls.record_refunds(batch))

    # then each is counted where it belongs
    kinds = [RefundRecorded, InvestmentWithdrawn, RefundRecorded, RefundRecorded, InvestmentWithdrawn, RefundRecorded]
    assert [type(log) for log in logs] == [*kinds, AlreadyRecorded]
    refunded = [ledger.ask(PLACE, "refundedOf(bytes32)", to_bytes32(c)) for c in (CAMPAIGN, OTHER_CAMPAIGN)]
    assert refunded == [80_000, 0]
    assert int.from_bytes(ledger.chain.rpc.read(live, selector("totalRaised()")), "big") == 0
