"""What anybody may try at any time, right or wrong: the moves of the state machines and of the walks through them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain import commands as c
from domain import wallets
from domain.company import Profile
from domain.journal import Actor
from domain.payment import payment_id
from tests.unit.domain.acts import (
    CAMPAIGN,
    CHANGE,
    CHECKER,
    COMPANY,
    COMPLIANCE,
    DIGEST,
    INDEXER,
    ISSUER,
    ISSUER_WALLET,
    MAKER,
    OPERATOR,
    OTHER_COMPLIANCE,
    OTHER_DIGEST,
    PROCESS,
    WRITER,
    deposit_id,
    investment_id,
    investor_id,
    offer,
    owner_of,
    signed,
    wallet_of,
)
from tests.unit.domain.machines.watched import Watched

Asked = tuple[c.Command, Actor]
Move = Callable[[Watched], "Asked | None"]  # None: there is nothing to ask here

DOCUMENTS = (UUID(int=0xD0), UUID(int=0xD1))
OVERRIDE = UUID(int=0x0E)
NEW_WALLET = "0x00000000000000000000000000000000000000C7"
OTHER_WALLET = "0x00000000000000000000000000000000000000C8"
AMOUNT = 90_000  # of each investment: enough for a goal of 100,000, too much twice for its cap


def try_move(world: Watched, move: Move) -> str | None:
    """Make a move; the code of its refusal, None if it was not refused or there was nothing to ask."""
    asked = move(world)
    return world.attempt(asked[0], by=asked[1]) if asked else None


# Time.


def a_day_passes(world: Watched) -> None:
    world.now += timedelta(days=1)


def a_week_passes(world: Watched) -> None:
    world.now += timedelta(days=8)


def the_deadline_comes(world: Watched) -> None:
    campaign = world.find(CAMPAIGN)
    if campaign is not None and campaign.deadline is not None:
        world.now = max(world.now, campaign.deadline)


# A company.


def _of_documents(document: UUID) -> dict[str, Move]:
    def attach(world: Watched) -> Asked:
        expires_at = world.now + timedelta(days=2)
        command = c.AttachDocument(
            company_id=COMPANY, document_id=document, kind="licence", sha256=DIGEST, expires_at=expires_at
        )
        return command, ISSUER

    named = {"company_id": COMPANY, "document_id": document}
    name = f"document {document.int - 0xD0}"
    return {
        f"attach {name}": attach,
        f"withdraw {name}": lambda _: (c.WithdrawDocument(**named), ISSUER),
        f"approve {name}": lambda _: (c.ApproveDocument(**named), COMPLIANCE),
        f"reject {name}": lambda _: (c.RejectDocument(**named, reason="unreadable"), COMPLIANCE),
        f"expire {name}": lambda _: (c.ExpireDocument(**named), PROCESS),
    }


def _register_company(_: Watched) -> Asked:
    command = c.RegisterCompany(
        legal_name="Selam Coffee PLC",
        tax_number="ET-0001",
        sector="agriculture",
        registration_year=2019,
        wallet=ISSUER_WALLET,
    )
    return command, ISSUER


def _approve_kyb(world: Watched) -> Asked | None:
    company = world.find(COMPANY)
    if company is None:
        return None
    valid_until = world.now + timedelta(days=3)
    return c.ApproveKyb(company_id=COMPANY, documents_hash=company.documents_hash, valid_until=valid_until), COMPLIANCE


def _amend_details(world: Watched) -> Asked:
    company = world.find(COMPANY)
    other = "retail" if company is None or company.sector != "retail" else "energy"
    return c.AmendDetails(company_id=COMPANY, legal_name="Selam Coffee PLC", sector=other), ISSUER


def _publish_profile(world: Watched) -> Asked:
    company = world.find(COMPANY)
    city = "Adama" if company is None or company.profile.city != "Adama" else "Harar"
    return c.PublishProfile(company_id=COMPANY, profile=Profile(city=city)), ISSUER


def _publish_memorandum(world: Watched) -> Asked:
    company = world.find(COMPANY)
    sha256 = DIGEST if company is None or company.memorandum != DIGEST else OTHER_DIGEST
    return c.PublishMemorandum(company_id=COMPANY, sha256=sha256), ISSUER


def _request_rotation(world: Watched) -> Asked:
    company = world.find(COMPANY)
    wallet = NEW_WALLET if company is None or company.wallet != NEW_WALLET else OTHER_WALLET
    return c.RequestWalletRotation(company_id=COMPANY, wallet=wallet), ISSUER


def _approve_rotation(world: Watched) -> Asked:
    company = world.find(COMPANY)
    wallet = company.rotation.wallet if company is not None and company.rotation else NEW_WALLET
    return c.ApproveWalletRotation(company_id=COMPANY, wallet=wallet), COMPLIANCE


def _request_override(world: Watched) -> Asked:
    command = c.RequestOverride(company_id=COMPANY, override_id=OVERRIDE, year=world.now.year, reason="a merger")
    return command, COMPLIANCE


_COMPANY = {"company_id": COMPANY}
COMPANY_MOVES: dict[str, Move] = {
    "register company": _register_company,
    **_of_documents(DOCUMENTS[0]),
    "submit kyb": lambda _: (c.SubmitKyb(**_COMPANY), ISSUER),
    "start kyb review": lambda _: (c.StartKybReview(**_COMPANY), COMPLIANCE),
    "request kyb information": lambda _: (c.RequestKybInformation(**_COMPANY, reason="which?"), COMPLIANCE),
    "approve kyb": _approve_kyb,
    "reject kyb": lambda _: (c.RejectKyb(**_COMPANY, reason="a letterbox"), COMPLIANCE),
    "expire kyb": lambda _: (c.ExpireKyb(**_COMPANY), PROCESS),
    "confirm registration": lambda w: (c.ConfirmCompanyRegistration(**_COMPANY, on_chain=w.fact()), INDEXER),
    "suspend": lambda _: (c.SuspendCompany(**_COMPANY, reason="a complaint"), COMPLIANCE),
    "reinstate": lambda _: (c.ReinstateCompany(**_COMPANY, reason="unfounded"), OTHER_COMPLIANCE),
    "request rotation": _request_rotation,
    "approve rotation": _approve_rotation,
    "request override": _request_override,
    "grant override": lambda _: (c.GrantOverride(**_COMPANY, override_id=OVERRIDE), OTHER_COMPLIANCE),
    "amend details": _amend_details,
    "publish profile": _publish_profile,
    "publish memorandum": _publish_memorandum,
    "reject company posting": lambda _: (_rejected(COMPANY), WRITER),
    "confirm company posting": lambda w: (c.ConfirmPosting(stream=COMPANY, on_chain=w.fact()), INDEXER),
}


def _rejected(stream: UUID) -> c.RejectPosting:
    return c.RejectPosting(stream=stream, entry_position=7, code="reverted", reason="no")


# A campaign before it is open.

_CAMPAIGN: dict[str, Any] = {"campaign_id": CAMPAIGN}
LOCAL = offer(rule_pack="local@1")


def _draft(_: Watched) -> Asked:
    return c.DraftCampaign(**_CAMPAIGN, company_id=COMPANY, title="Roastery", terms=LOCAL), ISSUER


def _amend(world: Watched) -> Asked | None:
    campaign = world.find(CAMPAIGN)
    if campaign is None:
        return None
    title = "Roastery" if campaign.title != "Roastery" else "Bakery"
    return c.AmendCampaign(**_CAMPAIGN, title=title, terms=campaign.terms), ISSUER


def _approve_campaign(world: Watched) -> Asked | None:
    campaign = world.find(CAMPAIGN)
    if campaign is None:
        return None
    return c.ApproveCampaign(**_CAMPAIGN, terms_hash=campaign.content_hash), COMPLIANCE


def _deploy(world: Watched) -> Asked | None:
    campaign = world.find(CAMPAIGN)
    if campaign is None:
        return None
    deadline = world.now + timedelta(seconds=campaign.terms.duration_s)
    return c.ConfirmDeployment(**_CAMPAIGN, address="0x1", deadline=deadline, on_chain=world.fact()), INDEXER


def _attach(_: Watched) -> Asked:
    command = c.AttachCampaignDocument(**_CAMPAIGN, document_id=DOCUMENTS[0], kind="plan", sha256=DIGEST)
    return command, ISSUER


REVIEW_MOVES: dict[str, Move] = {
    "draft": _draft,
    "amend": _amend,
    "attach": _attach,
    "remove": lambda _: (c.RemoveCampaignDocument(**_CAMPAIGN, document_id=DOCUMENTS[0]), ISSUER),
    "submit": lambda _: (c.SubmitCampaign(**_CAMPAIGN), ISSUER),
    "withdraw": lambda _: (c.WithdrawCampaign(**_CAMPAIGN, reason="not yet"), ISSUER),
    "start review": lambda _: (c.StartCampaignReview(**_CAMPAIGN), COMPLIANCE),
    "request changes": lambda _: (c.RequestCampaignChanges(**_CAMPAIGN, reason="which?"), COMPLIANCE),
    "approve": _approve_campaign,
    "reject": lambda _: (c.RejectCampaign(**_CAMPAIGN, reason="no"), COMPLIANCE),
    "deploy": _deploy,
    "reject posting": lambda _: (_rejected(CAMPAIGN), WRITER),
    "confirm posting": lambda w: (c.ConfirmPosting(stream=CAMPAIGN, on_chain=w.fact()), INDEXER),
    "request cancellation": lambda _: (c.RequestCancellation(**_CAMPAIGN, reason="fraud"), COMPLIANCE),
    "approve cancellation": lambda _: (c.ApproveCancellation(**_CAMPAIGN), OTHER_COMPLIANCE),
    "decline cancellation": lambda _: (c.DeclineCancellation(**_CAMPAIGN, reason="unfounded"), OTHER_COMPLIANCE),
    "post update": lambda _: (
        c.PostUpdate(**_CAMPAIGN, update_id=UUID(int=1), title="News", sha256=DIGEST),
        ISSUER,
    ),
}


# A campaign that is open, and its end.


def _declare(_: Watched) -> Asked:
    return c.DeclareChange(**_CAMPAIGN, change_id=CHANGE, kind="documents", digest=DIGEST), ISSUER


def _announce(world: Watched) -> Asked | None:
    campaign = world.find(CAMPAIGN)
    if campaign is None or campaign.deadline is None:
        return None
    return c.AnnounceEarlyClose(**_CAMPAIGN, deadline=world.now + timedelta(days=1)), ISSUER


def _release(world: Watched) -> UUID:
    """The release that is asked for next, or waits."""
    campaign = world.find(CAMPAIGN)
    done = sum(r.confirmed is not None for r in campaign.releases) if campaign else 0
    return UUID(int=0x4E + done)


RUNNING_MOVES: dict[str, Move] = {
    "pause": lambda _: (c.PauseCampaign(**_CAMPAIGN, reason="a complaint"), COMPLIANCE),
    "resume": lambda _: (c.ResumeCampaign(**_CAMPAIGN, reason="unfounded"), OTHER_COMPLIANCE),
    "declare change": _declare,
    "approve change": lambda _: (c.ApproveChange(**_CAMPAIGN, change_id=CHANGE, digest=DIGEST), COMPLIANCE),
    "decline change": lambda _: (c.DeclineChange(**_CAMPAIGN, change_id=CHANGE, reason="no"), COMPLIANCE),
    "announce early close": _announce,
    "close": lambda _: (c.CloseCampaign(**_CAMPAIGN, reason="the end"), OPERATOR),
}
ENDING_MOVES: dict[str, Move] = {
    "complete closing": lambda _: (c.CompleteClosing(**_CAMPAIGN), PROCESS),
    "confirm closing": lambda w: (c.ConfirmClosing(**_CAMPAIGN, on_chain=w.fact()), INDEXER),
    "request release": lambda w: (c.RequestRelease(**_CAMPAIGN, release_id=_release(w)), MAKER),
    "approve release": lambda w: (c.ApproveRelease(**_CAMPAIGN, release_id=_release(w)), CHECKER),
    "decline release": lambda w: (c.DeclineRelease(**_CAMPAIGN, release_id=_release(w), reason="no"), CHECKER),
    "confirm release": lambda w: (
        c.ConfirmRelease(**_CAMPAIGN, release_id=_release(w), on_chain=w.fact()),
        INDEXER,
    ),
}


# Investments and their payments.


def of_investment(number: int) -> dict[str, Move]:
    named = {"investment_id": investment_id(number)}
    owner = owner_of(number)
    change = UUID(int=0x7)

    def commit(world: Watched) -> Asked | None:
        if world.find(CAMPAIGN) is None:
            return None
        shown = world.campaign().documents_hash
        return world.committing(number, AMOUNT, investor=number, documents_hash=shown), owner

    def part(world: Watched) -> Asked | None:
        if world.find(investment_id(number)) is None:
            return None
        return world.paying(number, AMOUNT // 2, reference=f"part-{number}"), MAKER

    def rest(world: Watched) -> Asked | None:
        investment = world.find(investment_id(number))
        if investment is None or not investment.due:
            return None
        return world.paying(number, investment.due, reference=f"rest-{number}"), MAKER

    moves: dict[str, Move] = {
        "commit": commit,
        "pay a part": part,
        "pay the rest": rest,
        "cancel": lambda _: (c.CancelInvestment(**named, reason="changed my mind"), owner),
        "reconfirm": lambda _: (c.ReconfirmInvestment(**named, change_id=CHANGE), owner),
        "take silence": lambda _: (c.CancelUnconfirmed(**named, change_id=CHANGE), PROCESS),
        "admit": lambda _: (c.AdmitInvestment(**named), PROCESS),
        "give a part": lambda _: (c.AllotCommitment(**named, shares=AMOUNT // 2_000), PROCESS),
        "give all": lambda _: (c.AllotCommitment(**named, shares=AMOUNT // 1_000), PROCESS),
        "give nothing": lambda _: (c.AllotCommitment(**named, shares=0), PROCESS),
        "record": lambda w: (c.ConfirmRecording(**named, on_chain=w.fact()), INDEXER),
        "allot": lambda _: (c.AllotShares(**named), PROCESS),
        "order refund": lambda _: (c.OrderRefund(**named, reason="campaign failed"), PROCESS),
        "confirm refund": lambda w: (c.ConfirmRefund(**named, on_chain=w.fact()), INDEXER),
        "lapse": lambda _: (c.LapseCommitment(**named, reason="campaign closed"), PROCESS),
        "take a part back": lambda _: (_reverse(f"part-{number}"), MAKER),
        "take the rest back": lambda _: (_reverse(f"rest-{number}"), MAKER),
        "certify": lambda w: (c.ConfirmCertificate(**named, token_id="1", on_chain=w.fact()), INDEXER),
        "reject": lambda _: (_rejected(investment_id(number)), WRITER),
        **_of_certificate(number, change),
    }
    return {f"{name} {number}": move for name, move in moves.items()}


def _reverse(reference: str) -> c.ReversePayment:
    return c.ReversePayment(payment_id=payment_id("bank", reference), reason="recall")


def _of_certificate(number: int, change: UUID) -> dict[str, Move]:
    named = {"investment_id": investment_id(number)}

    def nth(world: Watched) -> UUID:
        investment = world.find(investment_id(number))
        return UUID(int=change.int + len(investment.changes)) if investment else change

    def under_way(world: Watched) -> UUID:
        investment = world.find(investment_id(number))
        return investment.changing if investment and investment.changing else change

    def request(kind: str) -> Move:
        def asked(world: Watched) -> Asked:
            investment = world.find(investment_id(number))
            held = investment.holder if investment else None
            wallet = None if kind == "revoke" else (OTHER_WALLET if held == NEW_WALLET else NEW_WALLET)
            command = c.RequestCertificateChange(
                **named, change_id=nth(world), kind=kind, reason="a lost key", evidence=DIGEST, wallet=wallet
            )
            return command, COMPLIANCE

        return asked

    def transfer(world: Watched) -> Asked:
        investment = world.find(investment_id(number))
        receiver = (investment.transfer_to if investment else None) or NEW_WALLET
        command = c.RecordTransfer(
            **named, change_id=under_way(world), sender=ISSUER_WALLET, receiver=receiver, on_chain=world.fact()
        )
        return command, INDEXER

    return {
        "ask to revoke": request("revoke"),
        "ask to reissue": request("reissue"),
        "ask to transfer": request("transfer"),
        "approve change of": lambda w: (
            c.ApproveCertificateChange(**named, change_id=nth(w)),
            OTHER_COMPLIANCE,
        ),
        "decline change of": lambda w: (
            c.DeclineCertificateChange(**named, change_id=nth(w), reason="no proof"),
            COMPLIANCE,
        ),
        "confirm change of": lambda w: (
            c.ConfirmCertificateChange(**named, change_id=under_way(w), on_chain=w.fact()),
            INDEXER,
        ),
        "transfer": transfer,
    }


# Coin in the chain's escrow.


def of_coin() -> dict[str, Move]:
    """The deposit of investment 1 by its investor, another by a stranger, and what becomes of them."""

    def whole(world: Watched) -> Asked:
        return world.depositing(1, AMOUNT), INDEXER

    def reclaim(number: int, investor: int) -> Move:
        def asked(world: Watched) -> Asked | None:
            payment = world.deposited(number, investor)
            return (world.reclaiming(number, payment.amount, investor=investor), INDEXER) if payment else None

        return asked

    def announce(world: Watched) -> Asked:
        begins_at = world.now + timedelta(days=30)
        return c.RecordEmergency(**_CAMPAIGN, begins_at=begins_at, place=world.place()), INDEXER

    def withdraw(world: Watched) -> Asked:
        names = (c.ReleaseName(CAMPAIGN, UUID(int=0x4E)),)
        return c.RecordWithdrawal(releases=names, payee=ISSUER_WALLET, amount=1, place=world.place()), INDEXER

    return {
        "deposit": whole,
        "deposit of another": lambda w: (w.depositing(1, AMOUNT, investor=2), INDEXER),
        "match deposit": lambda _: (c.MatchPayment(payment_id=deposit_id(1), investment_id=investment_id(1)), MAKER),
        "reclaim": reclaim(1, 1),
        "reclaim of another": reclaim(1, 2),
        "announce emergency": announce,
        "cancel emergency": lambda w: (
            c.RecordEmergency(**_CAMPAIGN, begins_at=None, place=w.place()),
            INDEXER,
        ),
        "withdraw": withdraw,
    }


# Payments by themselves.


def of_payment(reference: str, *, number: int, amount: int) -> dict[str, Move]:
    stream = payment_id("bank", reference)

    def record(_: Watched) -> Asked:
        command = c.RecordPayment(
            provider="bank", reference=reference, amount=amount, currency="ETB", investment_id=investment_id(number)
        )
        return command, MAKER

    def record_unmatched(_: Watched) -> Asked:
        return c.RecordPayment(provider="bank", reference=reference, amount=amount, currency="ETB"), MAKER

    moves: dict[str, Move] = {
        "record": record,
        "record unmatched": record_unmatched,
        "match": lambda _: (c.MatchPayment(payment_id=stream, investment_id=investment_id(number)), MAKER),
        "return": lambda _: (c.ReturnPayment(payment_id=stream, return_reference="back"), CHECKER),
        "reverse": lambda _: (_reverse(reference), MAKER),
    }
    return {f"{name} {reference}": move for name, move in moves.items()}


# An investor.

_INVESTOR: dict[str, Any] = {"investor_id": investor_id(1)}


def _nonce(world: Watched) -> str:
    investor = world.find(investor_id(1))
    return f"nonce-{len(investor.used_nonces) if investor else 0}"


def _challenge(world: Watched) -> Asked:
    command = c.ChallengeWallet(
        **_INVESTOR, wallet=wallet_of(1), nonce=_nonce(world), domain="tandem.example", chain_id=100
    )
    return command, owner_of(1)


def _bind(world: Watched) -> Asked | None:
    investor = world.find(investor_id(1))
    if investor is None:
        return None
    signature = "0x" + "11" * 65
    if investor.challenge is not None:
        signature = signed(1, wallets.statement(investor.id, investor.challenge))
    return c.BindWallet(**_INVESTOR, nonce=_nonce(world), scheme="eip191", signature=signature), owner_of(1)


def _classify(_: Watched) -> Asked:
    return c.ClassifyInvestor(**_INVESTOR, classification="sophisticated", evidence=DIGEST), COMPLIANCE


def _test(world: Watched) -> Asked:
    valid_until = world.now + timedelta(days=2)
    return c.RecordEntryTest(**_INVESTOR, passed=True, evidence=DIGEST, valid_until=valid_until), COMPLIANCE


def _acknowledge(world: Watched) -> Asked:
    investor = world.find(investor_id(1))
    sha256 = DIGEST if investor is None or investor.acknowledged.get("risk") != DIGEST else OTHER_DIGEST
    return c.AcknowledgeRisk(**_INVESTOR, kind="risk", sha256=sha256), owner_of(1)


def _approve_kyc(world: Watched) -> Asked:
    valid_until = world.now + timedelta(days=2)
    return c.ApproveKyc(**_INVESTOR, level="basic", valid_until=valid_until), COMPLIANCE


INVESTOR_MOVES: dict[str, Move] = {
    "register investor": lambda _: (c.RegisterInvestor(**_INVESTOR, reference="person-1"), owner_of(1)),
    "challenge": _challenge,
    "bind": _bind,
    "submit kyc": lambda _: (c.SubmitKyc(**_INVESTOR, evidence=DIGEST), owner_of(1)),
    "approve kyc": _approve_kyc,
    "reject kyc": lambda _: (c.RejectKyc(**_INVESTOR, reason="a fake"), COMPLIANCE),
    "expire kyc": lambda _: (c.ExpireKyc(**_INVESTOR), PROCESS),
    "classify": _classify,
    "record test": _test,
    "declare means": lambda _: (
        c.DeclareMeans(**_INVESTOR, rule_pack="us-reg-cf@1", income=1, net_worth=1),
        owner_of(1),
    ),
    "acknowledge": _acknowledge,
    "erase": lambda _: (c.EraseInvestor(**_INVESTOR, reason="asked for it"), COMPLIANCE),
}
