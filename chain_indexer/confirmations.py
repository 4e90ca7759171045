"""From a decoded log to the command that confirms it, and what speaks against it. Pure.

A log confirms only what its entry obliged: the same thing, from the right contract, with the same values. Whoever holds
an operator's key could write other values under a true leaf; the register would then differ from the journal, and a
confirmation would hide it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from abis import Generation, Log, campaign_address, from_bytes32
from abis import logs as l
from abis.calls import FIAT, NATIVE
from abis.certificates import content_hash_of
from abis.hashing import checksummed
from abis.ids import from_token_id, to_bytes32
from chain_indexer.blocks import Reason
from chain_indexer.logs import ChainPosition
from domain import campaign, company, investment
from domain import commands as c
from domain.journal import Entry, Event
from domain.values import WEI, ChainFact

Confirming = (
    l.IssuerRegistered
    | l.CampaignCreated
    | l.InvestmentRecorded
    | l.CampaignClosed
    | l.CertificateIssued
    | l.ReleaseRecorded
    | l.RefundRecorded
    | l.CertificateRevoked
    | l.CertificateReissued
    | l.TransferApproved
    | l.CertificateTransferred
    | l.IssuerUpdated
    | l.IssuerActiveSet
    | l.ExclusivityLocked
    | l.ExclusivityReleased
    | l.PausedSet
    | l.DeadlineSet
)
NOBODY = "0x" + "0" * 40


class Objection(msgspec.Struct, frozen=True):
    """Why a log does not confirm the entry whose leaf it repeats."""

    reason: Reason
    detail: str


def fact_of(at: ChainPosition, *, chain_id: int, generation: UUID, entry_position: int) -> ChainFact:
    return ChainFact(
        chain_id=chain_id,
        block_number=at.block_number,
        block_hash=at.block_hash,
        tx_hash=at.tx_hash,
        log_index=at.log_index,
        entry_position=entry_position,
        generation=generation,
    )


class _Kind(msgspec.Struct, frozen=True):
    """How a log names its subject, and the command that it becomes."""

    subject: str
    command: Callable[[Any, UUID, ChainFact], c.Command]


def _deployment(log: l.CampaignCreated, subject: UUID, fact: ChainFact) -> c.Command:
    deadline = datetime.fromtimestamp(log.deadline, UTC)
    return c.ConfirmDeployment(campaign_id=subject, address=log.campaign, deadline=deadline, on_chain=fact)


def _release(log: l.ReleaseRecorded, subject: UUID, fact: ChainFact) -> c.Command:
    return c.ConfirmRelease(campaign_id=subject, release_id=_id(log.release_id), on_chain=fact)


def _change(
    log: l.CertificateRevoked | l.CertificateReissued | l.TransferApproved, subject: UUID, fact: ChainFact
) -> c.Command:
    return c.ConfirmCertificateChange(investment_id=subject, change_id=_id(log.change_id), on_chain=fact)


def _transfer(log: l.CertificateTransferred, subject: UUID, fact: ChainFact) -> c.Command:
    return c.RecordTransfer(
        investment_id=subject,
        change_id=_id(log.change_id),
        sender=log.sender,
        receiver=log.receiver,
        on_chain=fact,
    )


def _posting(_: Log, subject: UUID, fact: ChainFact) -> c.Command:
    return c.ConfirmPosting(stream=subject, on_chain=fact)


def _id(word: bytes) -> UUID:
    """An id beside the subject's: nothing speaks against the log, so it is the one that was obliged."""
    found = from_bytes32(word)
    assert found is not None
    return found


_KINDS: dict[type[Log], _Kind] = {
    l.IssuerRegistered: _Kind(
        "company_id", lambda _, subject, fact: c.ConfirmCompanyRegistration(company_id=subject, on_chain=fact)
    ),
    l.CampaignCreated: _Kind("campaign_id", _deployment),
    l.InvestmentRecorded: _Kind(
        "investment_id", lambda _, subject, fact: c.ConfirmRecording(investment_id=subject, on_chain=fact)
    ),
    l.CampaignClosed: _Kind(
        "campaign_id", lambda _, subject, fact: c.ConfirmClosing(campaign_id=subject, on_chain=fact)
    ),
    l.CertificateIssued: _Kind(
        "token_id",
        lambda log, subject, fact: c.ConfirmCertificate(
            investment_id=subject, token_id=str(log.token_id), on_chain=fact
        ),
    ),
    l.ReleaseRecorded: _Kind("campaign_id", _release),
    l.RefundRecorded: _Kind(
        "investment_id", lambda _, subject, fact: c.ConfirmRefund(investment_id=subject, on_chain=fact)
    ),
    l.CertificateRevoked: _Kind("token_id", _change),
    l.CertificateReissued: _Kind("token_id", _change),
    l.TransferApproved: _Kind("token_id", _change),
    l.CertificateTransferred: _Kind("token_id", _transfer),
    l.IssuerUpdated: _Kind("company_id", _posting),
    l.IssuerActiveSet: _Kind("company_id", _posting),
    l.ExclusivityLocked: _Kind("company_id", _posting),
    l.ExclusivityReleased: _Kind("company_id", _posting),
    l.PausedSet: _Kind("campaign_id", _posting),
    l.DeadlineSet: _Kind("campaign_id", _posting),
}


def subject_of(log: Log) -> UUID | None:
    """The company, campaign or investment that a confirming log is about; None if its id is none of ours."""
    kind = _KINDS.get(type(log))
    if kind is None:
        return None
    named = getattr(log, kind.subject)
    return from_token_id(named) if isinstance(named, int) else from_bytes32(named)


def command_of(log: Log, fact: ChainFact) -> c.Command | None:
    """The command that a log becomes, once nothing speaks against it; None for a log that confirms nothing of ours."""
    subject = subject_of(log)
    return None if subject is None else _KINDS[type(log)].command(log, subject, fact)


def objection(
    log: Log, *, emitter: str, block_timestamp_s: int, entry: Entry, generation: Generation
) -> Objection | None:
    """What speaks against taking a confirming log for what its entry obliged; None if nothing does.

    1. The log is about another thing than the entry's stream.
    2. The entry obliges no such write, or obliges it of another contract.
    3. The values written are not the ones obliged; each that differs is named.
    """
    if subject_of(log) != entry.stream:
        return Objection(Reason.ENTRY_OF_ANOTHER_STREAM, f"the log is about {subject_of(log)}, not {entry.stream}")
    expected = _expected_of_revision(log, entry, generation)
    if expected is None:
        expected = _expected(log, entry, generation, block_timestamp_s)
    if expected is None:
        return Objection(Reason.ENTRY_OBLIGES_OTHERWISE, f"{entry.topic} does not oblige {type(log).__name__}")
    contract, values = expected
    if emitter.lower() != contract.lower():
        return Objection(Reason.ENTRY_OBLIGES_OTHERWISE, f"obliged of {contract}, written by {emitter}")
    differing = [
        f"{name} is {_shown(getattr(log, name))}, obliged was {_shown(value)}"
        for name, value in values.items()
        if getattr(log, name) != value
    ]
    return Objection(Reason.CONTENT_DIFFERS, "; ".join(differing)) if differing else None


Expected = tuple[str, dict[str, object]]  # the contract that emits the log, and the fields that it must carry


def _expected(log: Log, entry: Entry, generation: Generation, block_timestamp_s: int) -> Expected | None:
    """What a log of this kind must say if this entry obliged it; None if the entry obliges no such write."""
    event, stream, contracts = entry.event, entry.stream, generation.addresses
    match log, event:
        case l.IssuerRegistered(), company.KybApproved():
            return contracts["IssuerRegistry"], {
                "wallet": _address(event.wallet),
                "documents_hash": bytes.fromhex(event.documents_hash),
            }
        case l.CampaignCreated(), campaign.CampaignApproved(terms=terms):
            return contracts["CampaignFactory"], {
                "campaign": campaign_address(generation, stream),
                "company_id": to_bytes32(event.company_id),
                "funding_goal": terms.funding_goal,
                "threshold": terms.threshold,
                "cap": terms.cap,
                "deadline": block_timestamp_s + terms.duration_s,
                "asset": NATIVE if terms.currency == WEI else FIAT,
                "terms_hash": bytes.fromhex(event.terms_hash),
            }
        case l.CampaignClosed(), campaign.CampaignClosed():
            successful = event.outcome == "successful"
            return campaign_address(generation, stream), {"successful": successful, "raised": event.raised}
        case l.ReleaseRecorded(), campaign.ReleaseApproved():
            return contracts["FundEscrow"], {
                "release_id": to_bytes32(event.release_id),
                "issuer": _address(event.wallet),
                "amount": event.amount,
                "fee": event.fee,
            }
        case _:
            return _expected_of_investment(log, entry, generation)


def _expected_of_investment(log: Log, entry: Entry, generation: Generation) -> Expected | None:
    match log, entry.event:
        case l.InvestmentRecorded(), investment.InvestmentFunded() as event:
            return campaign_address(generation, event.campaign_id), {
                "investor": _address(event.wallet),
                "amount": event.amount,
                "shares": event.shares,
            }
        case l.CertificateIssued(), investment.SharesAllotted() as event:
            return generation.addresses["NFTShareCertificate"], {
                "campaign_id": to_bytes32(event.campaign_id),
                "holder": _address(event.wallet),
                "shares": event.shares,
                "content_hash": content_hash_of(
                    investment_id=entry.stream, campaign_id=event.campaign_id, shares=event.shares, entry=entry.leaf
                ),
            }
        case l.RefundRecorded(), investment.RefundOrdered() as event:
            return generation.addresses["FundEscrow"], {
                "campaign_id": to_bytes32(event.campaign_id),
                "investor": _address(event.wallet),
                "amount": event.amount,
            }
        case _:
            return _expected_of_change(log, entry.event, generation)


def _expected_of_change(log: Log, event: Event, generation: Generation) -> Expected | None:
    """A transfer is the holder's own; what it was allowed by is the approval."""
    match log, event:
        case l.CertificateRevoked(), investment.CertificateRevoked():
            values: dict[str, object] = {"holder": _address(event.wallet)}
        case l.CertificateReissued(), investment.CertificateReissued():
            values = {"previous": _address(event.previous_wallet), "holder": _address(event.wallet)}
        case l.TransferApproved(), investment.TransferApproved():
            values = {"holder": _address(event.wallet), "receiver": _address(event.new_wallet)}
        case l.CertificateTransferred(), investment.TransferApproved():
            values = {"sender": _address(event.wallet), "receiver": _address(event.new_wallet)}
            return generation.addresses["NFTShareCertificate"], {"change_id": to_bytes32(event.change_id), **values}
        case _:
            return None
    values |= {"change_id": to_bytes32(event.change_id), "evidence": bytes.fromhex(event.evidence)}
    return generation.addresses["NFTShareCertificate"], values


def _expected_of_revision(log: Log, entry: Entry, generation: Generation) -> Expected | None:
    """What may come again for one company or campaign, each time under the version of its event."""
    values: dict[str, object]
    registry = generation.addresses["IssuerRegistry"]
    match log, entry.event:
        case l.IssuerUpdated(), company.KybRenewed() | company.WalletRotated(registered=True) as event:
            documents_hash = bytes.fromhex(event.documents_hash)
            contract, values = registry, {"wallet": _address(event.wallet), "documents_hash": documents_hash}
        case l.IssuerActiveSet(), company.CompanySuspended() | company.CompanyReinstated() as event:
            contract, values = registry, {"active": isinstance(event, company.CompanyReinstated)}
        case l.ExclusivityLocked(), company.ExclusivityLocked(campaign_id=held):
            contract, values = registry, {"campaign_id": to_bytes32(held)}
        case l.ExclusivityReleased(), company.ExclusivityReleased(campaign_id=held):
            contract, values = registry, {"campaign_id": to_bytes32(held)}
        case l.PausedSet(), campaign.CampaignPaused() | campaign.CampaignResumed() as event:
            contract, values = (
                campaign_address(generation, entry.stream),
                {"paused": isinstance(event, campaign.CampaignPaused)},
            )
        case l.DeadlineSet(), campaign.ChangeApproved(new_deadline_s=int(deadline_s)):
            contract, values = campaign_address(generation, entry.stream), {"deadline": deadline_s}
        case _:
            return None
    return contract, {"revision": entry.version, **values}


def companions(logs: Iterable[tuple[ChainPosition, Log]]) -> frozenset[str]:
    """The keys of logs that merely come with an effect, in the same tx and with its values: what the token standards
    want said beside a change of a certificate, and what a campaign says when the escrow has refunded.

    Each effect explains one of each; a second one is not explained by it.
    """
    unexplained: Counter[tuple[str, Log]] = Counter()
    known: set[str] = set()
    logs = list(logs)
    for at, log in logs:
        unexplained.update((at.tx_hash, companion) for companion in _companions_of(log))
    for at, log in logs:
        if unexplained[at.tx_hash, log] > 0:
            unexplained[at.tx_hash, log] -= 1
            known.add(at.key)
    return frozenset(known)


def _companions_of(log: Log) -> tuple[Log, ...]:  # noqa: PLR0911  # one for each effect
    """What may come with an effect. A reissue takes the certificate from its holder only if it has one, an approval
    unlocks it only if it is locked, and a campaign lets an investment go only while it is not closed."""
    match log:
        case l.CertificateIssued(token_id=token, holder=holder):
            return _moved(token, NOBODY, holder), l.Locked(token_id=token)
        case l.CertificateRevoked(token_id=token, holder=holder):
            return (_moved(token, holder, NOBODY),)
        case l.CertificateReissued(token_id=token, previous=previous, holder=holder):
            return _moved(token, previous, NOBODY), _moved(token, NOBODY, holder), l.Locked(token_id=token)
        case l.TransferApproved(token_id=token):
            return (l.Unlocked(token_id=token),)
        case l.CertificateTransferred(token_id=token, sender=sender, receiver=receiver):
            return _moved(token, sender, receiver), l.Locked(token_id=token)
        case l.RefundRecorded(investment_id=investment_id, amount=amount):
            return (l.InvestmentWithdrawn(investment_id=investment_id, amount=amount),)
        case _:
            return ()


def _moved(token: int, sender: str, receiver: str) -> l.Transfer:
    return l.Transfer(sender=sender, receiver=receiver, token_id=token)


def _address(wallet: str) -> str:
    """The wallet as logs word it. A text that is no address stays as it is, and differs from every log."""
    try:
        return checksummed(wallet)
    except ValueError:
        return wallet


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
