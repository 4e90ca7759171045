"""What falls due, and what happens then. Pure: an entry in, what to remember out; what is due in, a command out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain import commands as c
from domain.asking import Command
from domain.campaign.events import ChangeApproved, DeploymentConfirmed, EarlyCloseAnnounced, EarlyCloseLapsed
from domain.campaign.money_events import ClosingStarted
from domain.company.events import DocumentAttached, DocumentExpired, KybApproved, KybExpired, KybRenewed
from domain.investor.events import KycApproved, KycExpired
from domain.journal.entries import Entry

NOTHING = UUID(int=0)  # the item of what falls due only once a stream


class Due(msgspec.Struct, frozen=True):
    """One thing that falls due, named by kind and stream, and by `item` where a stream has several."""

    kind: str
    stream: UUID
    item: UUID
    at: datetime
    position: int

    @property
    def key(self) -> str:
        """The name of its command: the same thing at another time is another command."""
        return f"{self.kind}:{self.stream}:{self.item}:{self.at.isoformat()}"


class Settled(msgspec.Struct, frozen=True):
    """It falls due no longer."""

    kind: str
    stream: UUID
    item: UUID


def learnt(entry: Entry) -> tuple[list[Due], list[Settled]]:
    """What an entry makes fall due, and what no longer."""
    stream, position = entry.stream, entry.position
    match entry.event:
        case DeploymentConfirmed(deadline=at):
            return [Due("deadline", stream, NOTHING, at, position)], []
        case ChangeApproved(change_id=change_id, deadline=at, reconfirm_by=reconfirm_by):
            deadline = Due("deadline", stream, NOTHING, at, position)
            silence = Due("reconfirmation", stream, change_id, reconfirm_by, position)
            return [deadline, silence], [Settled("early-close", stream, NOTHING)]
        case EarlyCloseAnnounced(deadline=at):
            return [Due("early-close", stream, NOTHING, at, position)], []
        case EarlyCloseLapsed():
            return [], [Settled("early-close", stream, NOTHING)]
        case ClosingStarted():
            return [], [Settled("deadline", stream, NOTHING), Settled("early-close", stream, NOTHING)]
        case _:
            return _expiring(entry)


def _expiring(entry: Entry) -> tuple[list[Due], list[Settled]]:  # noqa: PLR0911  # one line a kind
    match entry.event:
        case KybApproved(valid_until=at) | KybRenewed(valid_until=at):
            return _until("kyb", entry, NOTHING, at)
        case KycApproved(valid_until=at):
            return _until("kyc", entry, NOTHING, at)
        case DocumentAttached(document_id=item, expires_at=at):
            return _until("document", entry, item, at)
        case KybExpired():
            return [], [Settled("kyb", entry.stream, NOTHING)]
        case KycExpired():
            return [], [Settled("kyc", entry.stream, NOTHING)]
        case DocumentExpired(document_id=item):
            return [], [Settled("document", entry.stream, item)]
        case _:
            return [], []


def _until(kind: str, entry: Entry, item: UUID, at: datetime | None) -> tuple[list[Due], list[Settled]]:
    """What is valid until then; without an end it falls due never."""
    if at is None:
        return [], [Settled(kind, entry.stream, item)]
    return [Due(kind, entry.stream, item, at, entry.position)], []


def command_of(due: Due) -> Command:
    """What happens when it is due. Silence after a change is asked of each investment: see the scheduler."""
    match due.kind:
        case "deadline":
            return c.CloseCampaign(campaign_id=due.stream, reason="deadline")
        case "early-close":
            return c.CloseCampaign(campaign_id=due.stream, reason="early close")
        case "kyb":
            return c.ExpireKyb(company_id=due.stream)
        case "document":
            return c.ExpireDocument(company_id=due.stream, document_id=due.item)
        case "kyc":
            return c.ExpireKyc(investor_id=due.stream)
        case _:
            raise AssertionError(f"nothing is known to happen when a {due.kind} is due")
