"""NFTShareCertificate.sol as a model: issuing, taking back, entering anew, and the one transfer that is approved."""

from __future__ import annotations

from collections.abc import Sequence

from abis import logs as l
from tests.simulator.chain.issuers import campaign_of
from tests.simulator.chain.running import (
    CHANGE_GAS,
    NOBODY,
    REGISTRAR_ROLE,
    SET_GAS,
    Reverted,
    Run,
    Words,
    address_in,
    hash_of,
    integer,
)

MEMBERS_MAX = 100
SHARES_LIMIT, TOKENS_LIMIT = 1 << 64, 1 << 128
REVOCATION, REISSUE, TRANSFER_APPROVAL = range(1, 4)


def issue_certificates(run: Run, members: Sequence[Sequence[bytes]]) -> None:
    run.only(REGISTRAR_ROLE)
    if not 0 < len(members) <= MEMBERS_MAX:
        raise Reverted("BatchSizeInvalid", len(members))
    for token, campaign, holder, shares, content, entry in members:
        is_whole = 0 < integer(shares) < SHARES_LIMIT and integer(token) < TOKENS_LIMIT
        if not (is_whole and any(holder) and any(content)):
            raise Reverted("CertificateInvalid", integer(token))
        if not run.is_new(token, hash_of(campaign, holder, shares, content), entry):
            continue
        if not run.get(campaign_of(run, campaign), "successful"):
            raise Reverted("CampaignNotSuccessful", campaign)
        run.put(integer(shares), run.to, "shares", token)
        _move(run, token, NOBODY, address_in(holder))
        run.log(l.Locked, token)
        run.log(l.CertificateIssued, token, entry, campaign, holder, shares, content)


def _move(run: Run, token: bytes, sender: str, receiver: str) -> None:
    """ERC-721's own: owner and balances. Whatever leaves a holder uses up the approved transfer."""
    run.put(receiver if receiver != NOBODY else None, run.to, "owner", token)
    for account, step in ((sender, -1), (receiver, 1)):
        if account != NOBODY:
            run.put((run.get(run.to, "balance", account) or 0) + step, run.to, "balance", account)
    run.log(l.Transfer, sender, receiver, token)
    if sender != NOBODY and run.get(run.to, "approved", token) is not None:
        run.put(None, run.to, "approved", token)


def _is_new_change(run: Run, change: bytes, digest: bytes, evidence: bytes, entry: bytes) -> bool:
    if not any(evidence):
        raise Reverted("EvidenceMissing", change)
    return run.is_new(change, digest, entry)


def _held(run: Run, token: bytes) -> str:
    holder = run.get(run.to, "owner", token)
    if holder is None:
        raise Reverted("CertificateNotHeld", integer(token))
    assert isinstance(holder, str)
    return holder


def revoke(run: Run, words: Words) -> None:
    change, token, evidence, entry = words
    run.only(REGISTRAR_ROLE)
    if not _is_new_change(run, change, hash_of(token, bytes(32), evidence, REVOCATION), evidence, entry):
        return
    holder = _held(run, token)
    run.put(holder, run.to, "revokedFrom", token)
    _move(run, token, holder, NOBODY)
    run.log(l.CertificateRevoked, change, entry, token, holder, evidence)


def reissue(run: Run, words: Words) -> None:
    change, token, holder, evidence, entry = words
    run.only(REGISTRAR_ROLE)
    if not any(holder):
        raise Reverted("CertificateInvalid", integer(token))
    if not _is_new_change(run, change, hash_of(token, holder, evidence, REISSUE), evidence, entry):
        return
    if not run.get(run.to, "shares", token):
        raise Reverted("CertificateNotIssued", integer(token))
    previous = run.get(run.to, "owner", token)
    if previous is None:
        previous = run.get(run.to, "revokedFrom", token)
        run.put(None, run.to, "revokedFrom", token)
    else:
        _move(run, token, previous, NOBODY)
    _move(run, token, NOBODY, address_in(holder))
    run.log(l.Locked, token)
    run.log(l.CertificateReissued, change, entry, token, previous, holder, evidence)


def approve_transfer(run: Run, words: Words) -> None:
    change, token, to, evidence, entry = words
    run.only(REGISTRAR_ROLE)
    if not any(to):
        raise Reverted("ReceiverInvalid", integer(token), address_in(to))
    if not _is_new_change(run, change, hash_of(token, to, evidence, TRANSFER_APPROVAL), evidence, entry):
        return
    holder = _held(run, token)
    if address_in(to) == holder:
        raise Reverted("ReceiverInvalid", integer(token), holder)
    is_locked = run.get(run.to, "approved", token) is None
    run.put((address_in(to), change, entry), run.to, "approved", token)
    run.gas += 2 * (SET_GAS if is_locked else CHANGE_GAS)  # it takes three words
    if is_locked:
        run.log(l.Unlocked, token)
    run.log(l.TransferApproved, change, entry, token, holder, to, evidence)


def transfer_from(run: Run, words: Words) -> None:
    """The holder's own call. Nobody has approved another to make it: the model has no ERC-721 approvals."""
    sender, receiver, token = words
    if not any(receiver):
        raise Reverted("ERC721InvalidReceiver", NOBODY)
    holder = run.get(run.to, "owner", token)
    if holder is None:
        raise Reverted("ERC721NonexistentToken", integer(token))
    if holder != run.sender:
        raise Reverted("ERC721InsufficientApproval", run.sender, integer(token))
    approved = run.get(run.to, "approved", token)
    if approved is None or approved[0] != address_in(receiver):
        raise Reverted("CertificateLocked", integer(token))
    if address_in(sender) != holder:
        raise Reverted("ERC721IncorrectOwner", address_in(sender), integer(token), holder)
    _, change, entry = approved
    _move(run, token, holder, address_in(receiver))
    run.log(l.Locked, token)
    run.log(l.CertificateTransferred, change, entry, token, holder, receiver)
