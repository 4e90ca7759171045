"""Commands of an investment: load it and its campaign, let them decide, record what they say."""

from __future__ import annotations

from uuid import UUID

from domain.asking import Command, Handler, Work, record_if
from domain.campaign import changing, running
from domain.campaign.state import Campaign
from domain.company.state import Company
from domain.errors import Refusal
from domain.flows import end_commitment, free, order_unwinding, pay_back, sources_there
from domain.investment import certificates, committing, funding
from domain.investment import commands as c
from domain.investment.events import InvestmentCommitted, InvestmentScaledBack
from domain.investment.state import Investment, Source
from domain.investor import eligibility
from domain.investor.state import Investor
from domain.rule_packs import RulePack


def _commit(command: c.CommitInvestment, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    investor = work.load(Investor, command.investor_id)
    company = work.load(Company, campaign.company_id)
    pack = work.packs.get(campaign.terms.rule_pack)
    counted = eligibility.count(
        investor, _asked(command, company), terms=campaign.terms, pack=pack, now=work.now, by=work.actor
    )
    assert investor.wallet is not None
    exempt = investor.classification_at(work.now) in pack.reflection_exempt
    committed = committing.commit(
        investment_id=command.investment_id,
        campaign_id=campaign.id,
        investor_id=investor.id,
        wallet=investor.wallet,
        amount=command.amount,
        terms=campaign.terms,
        acknowledgements=command.acknowledgements,
        documents_hash=command.documents_hash,
        reflection_s=0 if exempt else pack.reflection_s,
        change_id=campaign.open_change,
        waiting=running.waits(campaign, command.amount),
        now=work.now,
    )
    assert isinstance(committed, InvestmentCommitted)
    accepted = running.accept(
        campaign,
        investment_id=command.investment_id,
        investor_id=investor.id,
        amount=command.amount,
        documents_hash=command.documents_hash,
        reflection_ends_at=committed.reflection_ends_at,
        now=work.now,
        pack=pack,
    )
    company.check_standing(work.now)
    work.create(command.investment_id, committed, pack=pack.id)
    work.record(campaign.id, accepted, pack=pack.id)
    work.record(investor.id, counted, pack=pack.id)


def _asked(command: c.CommitInvestment, company: Company) -> eligibility.Asked:
    return eligibility.Asked(
        investment_id=command.investment_id,
        campaign_id=command.campaign_id,
        amount=command.amount,
        kinds=frozenset(acknowledgement.kind for acknowledgement in command.acknowledgements),
        issuer=company.owner,
        issuer_wallet=company.wallet,
    )


def _admit(command: c.AdmitInvestment, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    if investment.status != "waiting":
        return
    campaign = work.load(Campaign, investment.campaign_id)
    room = running.admit(
        campaign, investment_id=investment.id, investor_id=investment.investor_id, amount=investment.amount
    )
    if room is None:
        raise Refusal("cap-exceeded", "there is no room for this commitment yet")
    work.record(investment.id, committing.admit(investment, change_id=campaign.open_change))
    work.record(campaign.id, *room, pack=campaign.terms.rule_pack)


def _reconfirm(command: c.ReconfirmInvestment, work: Work) -> None:
    investment = _own(command.investment_id, work)
    campaign = work.load(Campaign, investment.campaign_id)
    event = committing.reconfirm(investment, change_id=command.change_id)
    if event is None:
        return
    reconfirmed = changing.reconfirm(campaign, change_id=command.change_id, investment_id=investment.id, now=work.now)
    work.record(investment.id, event)
    work.record(campaign.id, reconfirmed)


def _cancel(command: c.CancelInvestment, work: Work) -> None:
    investment = _own(command.investment_id, work)
    campaign = work.load(Campaign, investment.campaign_id)
    if investment.cancelled is None:
        campaign.check_in("live", "paused")
    assert campaign.deadline is not None
    event = committing.cancel(
        investment,
        reason=command.reason,
        deadline=campaign.deadline,
        open_change=campaign.open_change,
        pack=_pack_of(campaign, work),
        now=work.now,
    )
    if event is not None:
        end_commitment(investment, event, reason="cancelled", work=work)


def _cancel_unconfirmed(command: c.CancelUnconfirmed, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    campaign = work.load(Campaign, investment.campaign_id)
    changing.check_silence(campaign, change_id=command.change_id, now=work.now)
    answered = investment.change_id == command.change_id
    if answered or investment.ended or investment.waiting or campaign.ended:
        return
    event = committing.end(investment, reason="not reconfirmed")
    end_commitment(investment, event, reason="not reconfirmed", work=work)


def _allot_commitment(command: c.AllotCommitment, work: Work) -> None:
    """The closing of an over-subscribed campaign: what a commitment gets counts now, the rest is owed back."""
    investment = work.load(Investment, command.investment_id)
    if investment.status != "paid":
        return  # it counts already, it ended, or its provider took the money back since the closing began
    campaign = work.load(Campaign, investment.campaign_id)
    campaign.check_in("closing")
    if command.shares == 0:
        event = committing.lapse(investment, reason="no shares left")
        assert event is not None
        end_commitment(investment, event, reason="no shares left", work=work)
        return
    _fund_allotted(investment, campaign, shares=command.shares, work=work)


def _fund_allotted(investment: Investment, campaign: Campaign, *, shares: int, work: Work) -> None:
    if not 0 < shares <= investment.shares:
        raise Refusal("sums-differ", f"{investment.shares} shares were asked for, not {shares}")
    scaled = funding.scale_back(investment, shares=shares, share_price=campaign.terms.share_price)
    excess = 0
    if scaled is not None:
        assert isinstance(scaled, InvestmentScaledBack)
        excess = scaled.excess
        work.record(investment.id, scaled, pack=campaign.terms.rule_pack)
        free(_excess(investment.sources, excess), reason="scaled back", work=work)
    after = work.load(Investment, investment.id)
    received = running.receive(campaign, investment_id=investment.id, amount=after.amount, held=True, excess=excess)
    work.record(investment.id, funding.fund(after), pack=campaign.terms.rule_pack)
    work.record(campaign.id, received, pack=campaign.terms.rule_pack)
    investor = work.load(Investor, investment.investor_id)
    record_if(work, investor.id, eligibility.recount(investor, investment.id, amount=after.amount))


def _excess(sources: tuple[Source, ...], excess: int) -> list[Source]:
    """The parts of the sources that make up an excess, from the last one on."""
    parts = []
    for source in reversed(sources):
        taken = min(excess, source.amount)
        excess -= taken
        if taken:
            parts.append(Source(source.payment_id, source.provider, source.reference, taken))
    return parts


def _confirm_recording(command: c.ConfirmRecording, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = funding.confirm_recording(investment, command.on_chain)
    if event is None:
        return
    work.record(investment.id, event)
    if investment.cancelled is not None:  # it was cancelled while it was on its way to the chain
        order_unwinding(work.load(Investment, investment.id), work=work)


def _allot_shares(command: c.AllotShares, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    work.load(Campaign, investment.campaign_id).check_ended("successful")
    record_if(work, investment.id, funding.allot(investment))


def _confirm_certificate(command: c.ConfirmCertificate, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = certificates.confirm(investment, token_id=command.token_id, fact=command.on_chain)
    record_if(work, investment.id, event)


def _order_refund(command: c.OrderRefund, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    campaign = work.load(Campaign, investment.campaign_id)
    campaign.check_ended("failed")
    # Where the closing was abandoned, the campaign's contract is open still.
    event = funding.order_refund(
        investment,
        reason=command.reason,
        live=campaign.closing_waived,
        sources=sources_there(investment, work=work),
    )
    record_if(work, investment.id, event)


def _confirm_refund(command: c.ConfirmRefund, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = funding.confirm_refund(investment, command.on_chain)
    if event is not None:
        work.record(investment.id, event)
        if not investment.repaid:  # else it went back already, and the chain has it now, too
            pay_back(investment, amount=investment.amount, work=work)


def _lapse(command: c.LapseCommitment, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    if not work.load(Campaign, investment.campaign_id).ended:
        raise Refusal("still-open", "a commitment lapses with its campaign, not before")
    event = committing.lapse(investment, reason=command.reason)
    if event is not None:
        end_commitment(investment, event, reason=command.reason, work=work)


def _request_change(command: c.RequestCertificateChange, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = certificates.request_change(
        investment,
        change_id=command.change_id,
        kind=command.kind,
        wallet=command.wallet,
        reason=command.reason,
        evidence=command.evidence,
        by=work.actor,
    )
    work.record(investment.id, event)


def _approve_change(command: c.ApproveCertificateChange, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = certificates.approve_change(investment, change_id=command.change_id, by=work.actor)
    work.record(investment.id, event)


def _decline_change(command: c.DeclineCertificateChange, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = certificates.decline_change(investment, change_id=command.change_id, reason=command.reason)
    work.record(investment.id, event)


def _confirm_change(command: c.ConfirmCertificateChange, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = certificates.confirm_change(investment, change_id=command.change_id, fact=command.on_chain)
    record_if(work, investment.id, event)


def _record_transfer(command: c.RecordTransfer, work: Work) -> None:
    investment = work.load(Investment, command.investment_id)
    event = certificates.record_transfer(
        investment,
        change_id=command.change_id,
        sender=command.sender,
        receiver=command.receiver,
        fact=command.on_chain,
    )
    record_if(work, investment.id, event)


def _own(investment_id: UUID, work: Work) -> Investment:
    """The investment, if it is the asker's own."""
    investment = work.load(Investment, investment_id)
    work.load(Investor, investment.investor_id).check_owned(work.actor)
    return investment


def _pack_of(campaign: Campaign, work: Work) -> RulePack:
    return work.packs.get(campaign.terms.rule_pack)


HANDLERS: dict[type[Command], Handler] = {
    c.CommitInvestment: _commit,
    c.AdmitInvestment: _admit,
    c.ReconfirmInvestment: _reconfirm,
    c.CancelInvestment: _cancel,
    c.CancelUnconfirmed: _cancel_unconfirmed,
    c.AllotCommitment: _allot_commitment,
    c.AllotShares: _allot_shares,
    c.OrderRefund: _order_refund,
    c.LapseCommitment: _lapse,
    c.RequestCertificateChange: _request_change,
    c.ApproveCertificateChange: _approve_change,
    c.DeclineCertificateChange: _decline_change,
    c.ConfirmRecording: _confirm_recording,
    c.ConfirmCertificate: _confirm_certificate,
    c.ConfirmRefund: _confirm_refund,
    c.ConfirmCertificateChange: _confirm_change,
    c.RecordTransfer: _record_transfer,
}
