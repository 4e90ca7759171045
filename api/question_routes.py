"""The table of questions: what may be asked of the book, the journal and the ledgers' standing."""

from __future__ import annotations

from typing import Any

from api import answers as a
from api import reads as r
from api.asking.ledger import CHAIN_LEDGER
from api.asking.rows import CAMPAIGN, COMPANY, INVESTMENT, INVESTOR, PAYMENT
from api.operations import Operation
from api.questions import Ask, QuestionRoute
from api.requests import AT, PAGE, Parameter
from api.rights import ALL_SEEING

_STATUS = Parameter("status", "word", "Only those in this status.")
_CAMPAIGN_ID = Parameter("campaign_id", "id", "Only those in this campaign.")
_INVESTMENT_ID = Parameter("investment_id", "id", "Only those for this investment.")
_STANDING = Parameter("standing", "flag", "true: only the periods that have not ended.")
_STREAM = Parameter("stream", "id", "Only those of this stream; needed by issuers and investors.")


def _list(path: str, summary: str, ask: Ask, item: Any, *parameters: Parameter) -> QuestionRoute:
    return QuestionRoute(
        path=path,
        name=f"list_{ask.__name__}",
        summary=summary,
        ask=ask,
        answer=r.Page[item],
        parameters=(*parameters, *PAGE),
    )


def _list_at(path: str, summary: str, ask: Ask, item: Any, *parameters: Parameter) -> QuestionRoute:
    """A list that is answered as it stood at any position or moment."""
    return QuestionRoute(
        path=path,
        name=f"list_{ask.__name__}",
        summary=summary,
        ask=ask,
        answer=r.PageAt[item],
        parameters=(AT, *parameters, *PAGE),
    )


def _one(path: str, summary: str, ask: Ask, answer: Any) -> QuestionRoute:
    return QuestionRoute(
        path=path, name=f"read_{ask.__name__}", summary=summary, ask=ask, answer=answer, versioned=True
    )


def _plain(path: str, summary: str, ask: Ask, answer: Any) -> QuestionRoute:
    """What has no version of its own."""
    return QuestionRoute(path=path, name=f"read_{ask.__name__}", summary=summary, ask=ask, answer=answer)


_OFFERINGS: tuple[QuestionRoute, ...] = (
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
    _one(CAMPAIGN, "A campaign with its terms, documents, sums and the change under way.", r.campaign, a.Campaign),
    _list(
        f"{CAMPAIGN}/investments",
        "The investments in a campaign, for its issuer and whoever sees all.",
        r.campaign_investments,
        a.Investment,
        _STATUS,
    ),
    _list(f"{CAMPAIGN}/updates", "The news that the issuer posted, oldest first.", r.updates, a.Update),
    _list(
        f"{CAMPAIGN}/waiting-list",
        "Who waits for room in a full campaign, in order; for the issuer and whoever sees all.",
        r.waiting_list,
        a.Waiting,
    ),
    _list(
        f"{CAMPAIGN}/releases",
        "Every release of the campaign's money, tranche by tranche; for the issuer and whoever sees all.",
        r.releases,
        a.Release,
        Parameter("state", "word", "requested, approved, confirmed, declined or abandoned."),
    ),
    _plain(f"{CAMPAIGN}/escrow", "A campaign's money.", r.escrow, a.Escrow),
    QuestionRoute(
        path=f"{CAMPAIGN}/trial-balance",
        name="read_campaign_trial_balance",
        summary="The accounts of a campaign's money by double entry: both sides are equal.",
        ask=r.campaign_trial_balance,
        answer=a.TrialBalance,
        parameters=(AT,),
    ),
)

_REGISTER: tuple[QuestionRoute, ...] = (
    _list_at(
        f"{CAMPAIGN}/cap-table",
        "Who holds what, as far as the chain has confirmed it; for the issuer and whoever sees all.",
        r.cap_table,
        a.Shareholding,
    ),
    _list_at(
        f"{CAMPAIGN}/holders",
        "The register of a campaign: who held which certificate from when to when, and why.",
        r.holders,
        a.Holding,
        _STANDING,
    ),
    _list_at(
        f"{COMPANY}/holders",
        "The register of a company, over all of its campaigns.",
        r.company_holders,
        a.Holding,
        _STANDING,
    ),
    _list(
        "/v1/certificates",
        "Certificates of an investor or of a campaign of one's own, or all, with what was changed in them.",
        r.certificates,
        a.Certificate,
        Parameter("investor_id", "id", "Only those of this investor's investments."),
        _CAMPAIGN_ID,
        Parameter("state", "word", "allotted, active, revoked or abandoned."),
    ),
    _plain(
        "/v1/certificates/{id}",
        "The certificate of an investment, by the investment's id.",
        r.certificate,
        a.Certificate,
    ),
)

_PEOPLE: tuple[QuestionRoute, ...] = (
    _list("/v1/investors", "Investors: one's own, or all.", r.investors, a.Investor),
    _one(INVESTOR, "An investor: wallet, KYC, and what may be invested.", r.investor, a.Investor),
    QuestionRoute(
        path=f"{INVESTOR}/portfolio",
        name="read_portfolio",
        summary="What an investor has: commitments, money, shares and certificates, by campaign and by currency.",
        ask=r.portfolio,
        answer=a.Portfolio,
        parameters=PAGE,
    ),
    _plain(
        f"{INVESTOR}/challenge",
        "What the investor's wallet is to sign, as a text and as typed data.",
        r.challenge,
        a.WalletChallenge,
    ),
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
    _list(
        f"{INVESTMENT}/payments",
        "The payments for an investment, for whoever may see it.",
        r.investment_payments,
        a.Payment,
    ),
    QuestionRoute(
        path="/v1/payments",
        name="list_payments",
        summary="Every payment; those that nobody has matched by `state=unmatched`.",
        ask=r.payments,
        answer=r.Page[a.Payment],
        parameters=(
            _INVESTMENT_ID,
            _CAMPAIGN_ID,
            Parameter("state", "word", "unmatched, applied, owed, returned or reversed."),
            *PAGE,
        ),
        roles=ALL_SEEING,
    ),
    _one(PAYMENT, "A payment, and what became of each part of it.", r.payment, a.Payment),
)

_HOUSE: tuple[QuestionRoute, ...] = (
    QuestionRoute(
        path="/v1/trial-balance",
        name="read_trial_balance",
        summary="The accounts of all campaigns' money, and of what nobody has matched, by currency.",
        ask=r.trial_balance,
        answer=a.TrialBalance,
        parameters=(AT,),
        roles=ALL_SEEING,
    ),
    _list("/v1/streams/{id}/timeline", "Every entry of one stream, oldest first.", r.timeline, a.Entry),
    _plain("/v1/operations/{position}", "Where the effect of an entry on the chain stands.", r.operation, Operation),
    _list(
        "/v1/operations",
        "What entries oblige on the chain, as the book knows it.",
        r.operations,
        Operation,
        _STREAM,
        Parameter("state", "word", "waiting, confirmed, rejected, released, abandonment-proposed or abandoned."),
    ),
    _list(
        "/v1/due",
        "What falls due, soonest first: deadlines, early closes, reconfirmations, expiries.",
        r.due,
        a.Due,
        _STREAM,
        Parameter("kind", "word", "deadline, early_close, reconfirmation, kyb, kyc or document."),
    ),
    _list(
        "/v1/activity",
        "What has happened, newest first, in words for people: of one's own, what is public of a campaign, or all.",
        r.activity,
        a.Activity,
        _CAMPAIGN_ID,
        Parameter("company_id", "id", "Only what is about this company and its campaigns."),
        Parameter("investor_id", "id", "Only what is about this investor and its investments."),
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
    QuestionRoute(
        path=CHAIN_LEDGER,
        name="read_chain_ledger",
        summary="The chain ledger: which generation lives, and which one is proposed in its place.",
        ask=r.chain_ledger,
        answer=a.ChainLedger,
        roles=ALL_SEEING,
        versioned=True,
    ),
    _plain("/v1/rule-packs", "The rule packs in use, the newest of each name marked.", r.rule_packs, a.RulePackList),
    _plain("/v1/refusals", "Every code with which a rule refuses, and what to do about it.", r.refusals, a.RefusalList),
    _plain("/v1/me", "Who the key names.", r.me, a.Me),
)

QUESTIONS: tuple[QuestionRoute, ...] = (*_OFFERINGS, *_REGISTER, *_PEOPLE, *_HOUSE)
