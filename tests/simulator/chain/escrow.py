"""FundEscrow.sol as a model, for fiat money, of which it is a mirror: releases after success, refunds otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from abis import logs as l
from tests.simulator.chain import campaigns
from tests.simulator.chain.issuers import campaign_of
from tests.simulator.chain.running import TREASURY_ROLE, Reverted, Run, Words, checked_sum, hash_of, integer

MEMBERS_MAX = 200
STANDING_GAS = 4 * 1_500  # the calls to the factory and the campaign


def record_release(run: Run, words: Words) -> None:
    campaign, release, issuer, amount, fee, entry = words
    run.only(TREASURY_ROLE)
    if not any(issuer) or not any(amount):
        raise Reverted("ReleaseInvalid", release)
    if not run.is_new(release, hash_of(campaign, issuer, amount, fee), entry):
        return
    clone = campaign_of(run, campaign)
    run.gas += STANDING_GAS
    if not run.get(clone, "successful"):
        raise Reverted("CampaignNotSuccessful", campaign)
    raised = run.get(clone, "raised") or 0
    released = checked_sum(run.get(run.to, "released", campaign) or 0, integer(amount), integer(fee))
    if released > raised:
        raise Reverted("RaisedExceeded", release, raised, released)
    run.put(released, run.to, "released", campaign)
    run.log(l.ReleaseRecorded, release, entry, campaign, issuer, amount, fee)


def record_refunds(run: Run, members: Sequence[Sequence[bytes]]) -> None:
    run.only(TREASURY_ROLE)
    if not 0 < len(members) <= MEMBERS_MAX:
        raise Reverted("BatchSizeInvalid", len(members))
    known: bytes | None = None
    for campaign, key, investor, amount, entry in members:
        if not any(investor) or not any(amount):
            raise Reverted("RefundInvalid", key)
        if not run.is_new(key, hash_of(campaign, investor, amount), entry):
            continue
        clone = campaign_of(run, campaign)
        if campaign != known:
            _check_standing(run, campaign, clone)
            known = campaign
        if run.get(clone, "closed"):
            _refund_of_failed(run, campaign, clone, key, integer(amount))
        else:
            campaigns.withdraw(run, clone, key, integer(amount))
        run.log(l.RefundRecorded, key, entry, campaign, investor, amount)


def _check_standing(run: Run, campaign: bytes, clone: str) -> None:
    run.gas += STANDING_GAS
    if run.get(clone, "code") is None:
        raise Reverted("CampaignUnknown", campaign)
    if run.get(clone, "successful"):
        raise Reverted("CampaignNotFailed", campaign)


def _refund_of_failed(run: Run, campaign: bytes, clone: str, key: bytes, amount: int) -> None:
    raised = run.get(clone, "raised") or 0
    refunded = checked_sum(run.get(run.to, "refunded", campaign) or 0, amount)
    if refunded > raised:
        raise Reverted("RaisedExceeded", key, raised, refunded)
    run.put(refunded, run.to, "refunded", campaign)
