"""Commands about the end of a campaign: their bodies and their routes."""

from __future__ import annotations

from uuid import UUID

from api.asking.rows import CAMPAIGN, asks
from api.bodies import Body, ReasonBody
from api.fields import Id
from api.plans import Made
from domain import commands as c

RELEASES = UUID("b0c1b9de-1d3b-5c6f-9a57-0f6e1f3f6a05")


class ReleaseBody(Body):
    release_id: Id | None = None


_BY = "campaign_id"
_RELEASE = f"{CAMPAIGN}/releases/{{release_id}}"

ENDS = (
    asks(
        c.RequestCancellation,
        f"{CAMPAIGN}:request-cancellation",
        "Ask to cancel a campaign: the issuer its own, or compliance any.",
        when="deploying, live, paused",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.ApproveCancellation,
        f"{CAMPAIGN}:approve-cancellation",
        "Cancel a campaign, by another person than the one who asked; all money goes back.",
        when="a cancellation waiting; live, paused, or deploying and refused by the chain",
        subject=_BY,
    ),
    asks(
        c.DeclineCancellation,
        f"{CAMPAIGN}:decline-cancellation",
        "Decline the cancellation that was asked for.",
        when="a cancellation waiting; deploying, live, paused",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.CloseCampaign,
        f"{CAMPAIGN}:close",
        "Close a campaign as its rules allow.",
        when="live, paused",
        body=ReasonBody,
        subject=_BY,
    ),
    asks(
        c.RequestRelease,
        f"{CAMPAIGN}/releases",
        "Ask for the release of a successful campaign's money, whole or its next milestone.",
        when="successful, settling; no release waiting",
        body=ReleaseBody,
        subject=_BY,
        made=Made("release_id", RELEASES),
        location=CAMPAIGN,
    ),
    asks(
        c.ApproveRelease,
        f"{_RELEASE}:approve",
        "Approve the requested release; this obliges its record in the escrow.",
        when="the release waiting; the company in good standing",
        subject=_BY,
    ),
    asks(
        c.DeclineRelease,
        f"{_RELEASE}:decline",
        "Decline the requested release.",
        when="the release waiting",
        body=ReasonBody,
        subject=_BY,
    ),
)
