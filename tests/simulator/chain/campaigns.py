"""CampaignImplementation.sol as a model, for fiat money: investments, the closing, pauses, deadlines."""

from __future__ import annotations

from collections.abc import Sequence

from abis import logs as l
from tests.simulator.chain.running import (
    ESCROW_ROLE,
    OPERATOR_ROLE,
    Reverted,
    Run,
    Words,
    hash_of,
    integer,
)

MEMBERS_MAX = 200
RECORDING_GRACE_S = 30 * 86_400
DEADLINE_AHEAD_S_MAX = 730 * 86_400
PAUSE, DEADLINE = 1, 2
UINT128_LIMIT = 1 << 128


def _only_operator(run: Run) -> None:
    """A campaign keeps no roles: it asks its factory."""
    if not run.has(OPERATOR_ROLE, run.sender, at=run.generation.addresses["CampaignFactory"].lower()):
        raise Reverted("NotOperator", run.sender)


def record_investments(run: Run, members: Sequence[Sequence[bytes]]) -> None:
    _only_operator(run)
    if not 0 < len(members) <= MEMBERS_MAX:
        raise Reverted("BatchSizeInvalid", len(members))
    campaign, closed, cap = (run.get(run.to, name) for name in ("id", "closed", "cap"))
    deadline, raised = run.get(run.to, "deadline"), run.get(run.to, "raised") or 0
    is_over = run.timestamp_s > deadline + RECORDING_GRACE_S
    for key, investor, amount, shares, entry in members:
        if not any(investor) or not 0 < integer(amount) < UINT128_LIMIT or not any(shares):
            raise Reverted("InvestmentInvalid", key)
        if not run.is_new(key, _digest(investor, amount, shares), entry):
            continue
        if closed:
            raise Reverted("CampaignIsClosed", campaign)
        if is_over:
            raise Reverted("RecordingOver", campaign, deadline)
        raised += integer(amount)
        if raised > cap:
            raise Reverted("CapExceeded", key, raised, cap)
        run.log(l.InvestmentRecorded, key, entry, investor, amount, shares)
    run.put(raised, run.to, "raised")


def _digest(investor: bytes, amount: bytes, shares: bytes) -> bytes:
    """The left half of the content's hash, then the amount, so that a withdrawal finds it again."""
    left = int.from_bytes(hash_of(investor, amount, shares)[:16], "big") << 128
    return (left | integer(amount)).to_bytes(32, "big")


def withdraw(run: Run, clone: str, key: bytes, amount: int) -> None:
    """The escrow, not the signer of the tx, counts an investment out of an open campaign."""
    places = run.generation.addresses
    escrow = places["FundEscrow"].lower()
    if not run.has(ESCROW_ROLE, escrow, at=places["CampaignFactory"].lower()):
        raise Reverted("NotEscrow", escrow)
    have = integer(run.get(clone, "digest", key) or b"") % UINT128_LIMIT
    if not have:
        raise Reverted("InvestmentUnknown", key)
    if have != amount:
        raise Reverted("AmountDiffers", key, have, amount)
    assert not run.get(clone, "withdrawn", key), "the escrow's own key lets it ask once for each investment"
    run.put(True, clone, "withdrawn", key)
    run.put(run.get(clone, "raised") - amount, clone, "raised")
    run.log_at(clone, l.InvestmentWithdrawn, key, amount)


def close(run: Run, words: Words) -> None:
    successful, raised, entry = words
    _only_operator(run)
    campaign = run.get(run.to, "id")
    if not run.is_new(campaign, hash_of(successful, raised), entry):
        return
    have, threshold = run.get(run.to, "raised") or 0, run.get(run.to, "threshold")
    if integer(raised) != have:
        raise Reverted("RaisedMismatch", have, integer(raised))
    if any(successful) and have < threshold:
        raise Reverted("ThresholdMissed", have, threshold)
    run.put(True, run.to, "closed")
    run.changes[run.to, "successful"] = any(successful)
    run.log(l.CampaignClosed, campaign, entry, successful, raised)


def set_paused(run: Run, words: Words) -> None:
    """A paused campaign takes no deposits; in fiat money there are none."""
    revision, paused, entry = words
    _only_operator(run)
    campaign = run.get(run.to, "id")
    if not run.is_new_revision(campaign, revision, hash_of(PAUSE, paused), entry):
        return
    if run.get(run.to, "closed"):
        raise Reverted("CampaignIsClosed", campaign)
    run.gas += 5_000  # the word that the deadline shares
    run.log(l.PausedSet, campaign, entry, revision, paused)


def set_deadline(run: Run, words: Words) -> None:
    revision, deadline, entry = words
    _only_operator(run)
    campaign = run.get(run.to, "id")
    if not run.is_new_revision(campaign, revision, hash_of(DEADLINE, deadline), entry):
        return
    if run.get(run.to, "closed"):
        raise Reverted("CampaignIsClosed", campaign)
    have, given = run.get(run.to, "deadline"), integer(deadline)
    if not have < given <= run.timestamp_s + DEADLINE_AHEAD_S_MAX:
        raise Reverted("DeadlineInvalid", have, given)
    run.put(given, run.to, "deadline")
    run.log(l.DeadlineSet, campaign, entry, revision, deadline)
