"""Examples of what people decide about effects that the chain refused for good."""

from __future__ import annotations

from domain import campaign, company, investment
from tests.golden.example import FACT, OTHER_WALLET, WALLET, A, C, D, E, Example

OPERATOR = "operator:abebe"
COMPLIANCE = "compliance:almaz"
MENDED = "the writer's role is granted again"
NEVER = "the contract cannot be mended"
FOUND = "a way was found"


def _decisions(kind: str, first: int) -> tuple[Example, ...]:
    """What may be decided about an effect of each aggregate: released, or given up by two people."""
    module = {"company": company, "campaign": campaign, "investment": investment}[kind]
    name, stream = kind.capitalize(), {"company": A, "campaign": C, "investment": D}[kind]
    effect = {"company": "update", "campaign": "set-paused", "investment": "issue-certificate"}[kind]
    place = {"entry_position": 42, "effect": effect}
    events = (
        (getattr(module, f"{name}PostingReleased")(**place, reason=MENDED), OPERATOR),
        (getattr(module, f"{name}AbandonmentProposed")(**place, reason=NEVER, proposer="abebe"), OPERATOR),
        (getattr(module, f"{name}AbandonmentWithdrawn")(**place, reason=FOUND), OPERATOR),
        (getattr(module, f"{name}PostingAbandoned")(**place, reason=NEVER, proposer="abebe"), COMPLIANCE),
    )
    return tuple(
        Example(position=first + number, stream=stream, event=event, by=by) for number, (event, by) in enumerate(events)
    )


GIVEN_UP = {"reason": NEVER, "proposer": "abebe"}
POSTINGS = (
    *_decisions("company", 151),
    *_decisions("campaign", 155),
    *_decisions("investment", 159),
    Example(
        position=163,
        stream=C,
        event=campaign.CampaignPostingRejected(
            entry_position=42, code="NotWriter", reason="NotWriter()", effect="record-release"
        ),
        by="writer:lane-0",
        variant="named",
    ),
    Example(
        position=164,
        stream=C,
        event=campaign.CampaignPostingAbandoned(entry_position=42, effect="record-release", **GIVEN_UP, release_id=E),
        by=COMPLIANCE,
        variant="a-release",
    ),
    Example(
        position=165,
        stream=D,
        event=investment.InvestmentPostingAbandoned(entry_position=42, effect="record-refund", **GIVEN_UP, repaid=True),
        by=COMPLIANCE,
        variant="repaid",
    ),
    Example(
        position=166,
        stream=D,
        event=investment.InvestmentPostingAbandoned(
            entry_position=42,
            effect="approve-transfer",
            **GIVEN_UP,
            change_id=E,
            held=investment.Held(WALLET),
        ),
        by=COMPLIANCE,
        variant="a-change",
    ),
    Example(
        position=167,
        stream=D,
        event=investment.CertificateChangeConfirmed(
            change_id=E, on_chain=FACT, held=investment.Held(WALLET, transfer_to=OTHER_WALLET)
        ),
        by="indexer:chain-indexer",
        variant="after-all",
    ),
)
