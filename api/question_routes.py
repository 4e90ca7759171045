"""The table of questions: what may be asked of the book, the journal and the ledgers' standing."""

from __future__ import annotations

from typing import Any

from api import answers as a
from api import reads as r
from api.asking.rows import CAMPAIGN, COMPANY, INVESTMENT, INVESTOR
from api.operations import Operation
from api.questions import Ask, QuestionRoute
from api.requests import PAGE, Parameter
from api.rights import ALL_SEEING

_STATUS = Parameter("status", "word", "Only those in this status.")
_CAMPAIGN_ID = Parameter("campaign_id", "id", "Only those in this campaign.")


def _list(path: str, summary: str, ask: Ask, item: Any, *parameters: Parameter) -> QuestionRoute:
    return QuestionRoute(
        path=path,
        name=f"list_{ask.__name__}",
        summary=summary,
        ask=ask,
        answer=r.Page[item],
        parameters=(*parameters, *PAGE),
    )


def _one(path: str, summary: str, ask: Ask, answer: Any) -> QuestionRoute:
    return QuestionRoute(
        path=path, name=f"read_{ask.__name__}", summary=summary, ask=ask, answer=answer, versioned=True
    )


QUESTIONS: tuple[QuestionRoute, ...] = (
    _list("/v1/companies", "Companies: one's own, or all.", r.companies, a.Company),
    _one(COMPANY, "A company with its documents and its KYB.", r.company, a.Company),
    _list(
        "/v1/campaigns",
        "Campaigns: one's own and those that are or were live, or all.",
        r.campaigns,
        a.Campaign,
        Parameter("company_id", "id", "Only those of this company."),
        _STATUS,
    ),
    _one(CAMPAIGN, "A campaign with its terms, sums and release.", r.campaign, a.Campaign),
    _list(
        f"{CAMPAIGN}/investments",
        "The investments in a campaign, for its issuer and whoever sees all.",
        r.campaign_investments,
        a.Investment,
        _STATUS,
    ),
    _list(
        f"{CAMPAIGN}/cap-table",
        "Who holds what, as far as the chain has confirmed it; for the issuer and whoever sees all.",
        r.cap_table,
        a.Shareholding,
    ),
    QuestionRoute(
        path=f"{CAMPAIGN}/escrow",
        name="read_escrow",
        summary="A campaign's money.",
        ask=r.escrow,
        answer=a.Escrow,
    ),
    _list("/v1/investors", "Investors: one's own, or all.", r.investors, a.Investor),
    _one(INVESTOR, "An investor.", r.investor, a.Investor),
    _list(
        "/v1/investments",
        "Investments of an investor or in a campaign of one's own, or all.",
        r.investments,
        a.Investment,
        Parameter("investor_id", "id", "Only those of this investor."),
        _CAMPAIGN_ID,
        _STATUS,
    ),
    _one(INVESTMENT, "An investment, from its commitment to its certificate or refund.", r.investment, a.Investment),
    _list("/v1/streams/{id}/timeline", "Every entry of one stream, oldest first.", r.timeline, a.Entry),
    QuestionRoute(
        path="/v1/operations/{position}",
        name="read_operation",
        summary="Where the effect of an entry on the chain stands.",
        ask=r.operation,
        answer=Operation,
    ),
    _list(
        "/v1/operations",
        "What entries oblige on the chain, as the book knows it.",
        r.operations,
        Operation,
        Parameter("stream", "id", "Only what this stream obliges; needed by issuers and investors."),
        Parameter("state", "word", "waiting, confirmed or rejected."),
    ),
    QuestionRoute(
        path="/v1/events",
        name="list_events",
        summary="The journal, entry by entry, without holes.",
        ask=r.events,
        answer=r.Page[a.Entry],
        parameters=PAGE,
        roles=ALL_SEEING,
    ),
    QuestionRoute(path="/v1/me", name="read_me", summary="Who the key names.", ask=r.me, answer=a.Me),
)
