"""What a final slot did for each of its members, by the contract's own words. Pure.

1. The log of the member's kind, under its key and its entry: it is recorded.
2. `AlreadyRecorded` under its key and entry: the same content was there before. It has landed too.
3. `Conflict`: other content is there. It will never land, and a person must look.
4. None of these, because the tx reverted or was another one than ours: what the contract holds on final state decides.
   Nothing: the member is released and tried again, a few times. The member's own digest: it has landed. Another: 3.
"""

from __future__ import annotations

from collections.abc import Iterable

from abis import Log, RawLog, decode, from_bytes32, revision_key
from abis.logs import (
    AlreadyRecorded,
    CampaignClosed,
    CampaignCreated,
    CertificateIssued,
    CertificateReissued,
    CertificateRevoked,
    Conflict,
    DeadlineSet,
    ExclusivityLocked,
    ExclusivityReleased,
    InvestmentRecorded,
    IssuerActiveSet,
    IssuerRegistered,
    IssuerUpdated,
    PausedSet,
    RefundRecorded,
    ReleaseRecorded,
    TransferApproved,
)
from chain_writer.intents import IntentState, Kind, Member, Outcome, Verdict

RELEASES_MAX = 5  # final slots that did nothing for an intent, before it is rejected and a person looks

_NOTHING = bytes(32)


class Said:
    """What the logs of one receipt say, each read once, however many members look for theirs among them."""

    def __init__(self, logs: Iterable[RawLog]) -> None:
        self._of: dict[tuple[str, bytes, bytes], list[tuple[Kind | None, Log]]] = {}
        for raw in logs:
            log = decode(raw)
            if isinstance(log, AlreadyRecorded | Conflict):
                self._of.setdefault((raw.address, log.key, log.entry), []).append((None, log))
            elif log is not None and (named := recorded_by(log)) is not None:
                kind, key, entry = named
                self._of.setdefault((raw.address, key, entry), []).append((kind, log))

    def of(self, member: Member) -> Verdict | None:
        """Cases 1 to 3, by the first log that speaks of this member; None if none does."""
        for kind, log in self._of.get((member.target.lower(), member.natural_key, member.leaf), ()):
            match log:
                case Conflict():
                    return _conflict(member, log.have)
                case AlreadyRecorded():
                    return _landed(member, new=False)
                case _ if kind is member.kind:
                    return _landed(member, new=True)
        return None


def by_content(member: Member, *, have: bytes, why: str) -> Verdict:
    """Case 4: `have` is the contract's `digestOf` under the member's key on final state, `why` what the tx came to."""
    if have == member.digest:
        return _landed(member, new=False)
    if have != _NOTHING:
        return _conflict(member, have)
    if member.releases + 1 < RELEASES_MAX:
        return Verdict(intent=member.intent, outcome=Outcome.RELEASED, state=IntentState.QUEUED, reason=why)
    return Verdict(
        intent=member.intent,
        outcome=Outcome.RELEASED,
        state=IntentState.REJECTED,
        code="never-recorded",
        reason=f"{RELEASES_MAX} transactions were mined without recording it; the last {why}",
    )


def _landed(member: Member, *, new: bool) -> Verdict:
    outcome = Outcome.RECORDED if new else Outcome.ALREADY_RECORDED
    return Verdict(intent=member.intent, outcome=outcome, state=IntentState.LANDED)


def _conflict(member: Member, have: bytes) -> Verdict:
    return Verdict(
        intent=member.intent,
        outcome=Outcome.CONFLICT,
        state=IntentState.REJECTED,
        code="conflict",
        reason=f"other content is recorded under this key: digest 0x{have.hex()}, ours is 0x{member.digest.hex()}",
    )


# The log that records an effect of each kind, and the field that holds its natural key.
_RECORDING: dict[type[Log], tuple[Kind, str]] = {
    IssuerRegistered: (Kind.REGISTER, "company_id"),
    CampaignCreated: (Kind.CREATE_CAMPAIGN, "campaign_id"),
    InvestmentRecorded: (Kind.RECORD_INVESTMENT, "investment_id"),
    CampaignClosed: (Kind.CLOSE, "campaign_id"),
    CertificateIssued: (Kind.ISSUE_CERTIFICATE, "token_id"),
    ReleaseRecorded: (Kind.RECORD_RELEASE, "release_id"),
    RefundRecorded: (Kind.RECORD_REFUND, "investment_id"),
    CertificateRevoked: (Kind.REVOKE_CERTIFICATE, "change_id"),
    CertificateReissued: (Kind.REISSUE_CERTIFICATE, "change_id"),
    TransferApproved: (Kind.APPROVE_TRANSFER, "change_id"),
    IssuerUpdated: (Kind.UPDATE, "company_id"),
    IssuerActiveSet: (Kind.SET_ACTIVE, "company_id"),
    ExclusivityLocked: (Kind.LOCK, "company_id"),
    ExclusivityReleased: (Kind.UNLOCK, "company_id"),
    PausedSet: (Kind.SET_PAUSED, "campaign_id"),
    DeadlineSet: (Kind.SET_DEADLINE, "campaign_id"),
}


def recorded_by(log: Log) -> tuple[Kind, bytes, bytes] | None:
    """The kind, natural key and entry of a log that records an effect."""
    if type(log) not in _RECORDING:
        return None
    kind, field = _RECORDING[type(log)]
    key, entry, revision = (getattr(log, name, None) for name in (field, "entry", "revision"))
    assert key is not None
    assert entry is not None
    if revision is not None:
        subject = from_bytes32(key)
        return None if subject is None else (kind, revision_key(subject, revision), entry)
    return kind, key.to_bytes(32, "big") if isinstance(key, int) else key, entry
