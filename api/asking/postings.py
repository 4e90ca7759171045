"""Commands about effects that the chain refused for good: their bodies and their routes."""

from __future__ import annotations

from api.asking.rows import asks
from api.bodies import Body
from api.fields import Count, Text
from domain import commands as c

STREAM = "/v1/streams/{id}"
_BY = "stream"
_REJECTED = "the effect rejected, and neither released nor abandoned since"


class PostingBody(Body):
    """`entry_position` is that of the entry that obliged the effect."""

    entry_position: Count


class PostingReasonBody(PostingBody):
    reason: Text


POSTINGS = (
    asks(
        c.ReleasePosting,
        f"{STREAM}:release-posting",
        "Post anew what the chain refused for good, once the reason is mended.",
        when=_REJECTED,
        body=PostingReasonBody,
        subject=_BY,
    ),
    asks(
        c.ProposeAbandonment,
        f"{STREAM}:propose-abandonment",
        "Propose to go on without an effect that the chain refused for good.",
        when=f"{_REJECTED}; not coin, and not a recording that a closing under way counts",
        body=PostingReasonBody,
        subject=_BY,
    ),
    asks(
        c.WithdrawAbandonment,
        f"{STREAM}:withdraw-abandonment",
        "Withdraw the proposal to go on without an effect.",
        when="the abandonment proposed",
        body=PostingReasonBody,
        subject=_BY,
    ),
    asks(
        c.ApproveAbandonment,
        f"{STREAM}:approve-abandonment",
        "Go on without an effect, by another person than the one who proposed it.",
        when="the abandonment proposed",
        body=PostingBody,
        subject=_BY,
    ),
)
