"""Commands of a campaign before and while it is open: load it, let it decide, record what it says."""

from __future__ import annotations

from domain.asking import Command, Handler, Work, record_if
from domain.campaign import changing, review, running
from domain.campaign import commands as c
from domain.campaign.state import Campaign
from domain.company import exclusivity
from domain.company.state import Company
from domain.flows import unlock
from domain.ledger.promoting import check_stays
from domain.ledger.state import LEDGER, ChainLedger
from domain.values import WEI


def _draft(command: c.DraftCampaign, work: Work) -> None:
    work.load(Company, command.company_id).check_owned(work.actor)
    pack = work.packs.newest(command.terms.rule_pack)
    event = review.draft(
        campaign_id=command.campaign_id,
        company_id=command.company_id,
        title=command.title,
        terms=command.terms,
        pack=pack,
        now=work.now,
        by=work.actor,
    )
    work.create(command.campaign_id, event, pack=pack.id)


def _amend(command: c.AmendCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    pack = work.packs.newest(command.terms.rule_pack)
    event = review.amend(campaign, title=command.title, terms=command.terms, pack=pack, now=work.now, by=work.actor)
    record_if(work, campaign.id, event, pack=pack.id)


def _attach(command: c.AttachCampaignDocument, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = review.attach(
        campaign,
        document_id=command.document_id,
        kind=command.kind,
        sha256=command.sha256,
        cid=command.cid,
        by=work.actor,
    )
    record_if(work, campaign.id, event)


def _remove(command: c.RemoveCampaignDocument, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    record_if(work, campaign.id, review.remove(campaign, document_id=command.document_id, by=work.actor))


def _submit(command: c.SubmitCampaign, work: Work) -> None:
    # The exclusivity is taken here, not at approval: a company that could submit twice would make compliance review
    # two campaigns of which one must fail for a reason known from the start.
    campaign = work.load(Campaign, command.campaign_id)
    company = work.load(Company, campaign.company_id)
    pack = work.packs.newest(campaign.terms.rule_pack)
    submitted = review.submit(campaign, by=work.actor)
    locked = exclusivity.lock(
        company, campaign_id=campaign.id, cap=campaign.terms.cap, pack=pack, now=work.now, by=work.actor
    )
    work.record(campaign.id, submitted, pack=pack.id)
    work.record(company.id, locked, pack=pack.id)


def _withdraw(command: c.WithdrawCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    work.record(campaign.id, review.withdraw(campaign, reason=command.reason, by=work.actor))
    unlock(campaign, reason="withdrawn", year_used=False, raised=0, work=work)


def _start_review(command: c.StartCampaignReview, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    record_if(work, campaign.id, review.start_review(campaign, by=work.actor))


def _request_changes(command: c.RequestCampaignChanges, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    work.record(campaign.id, review.request_changes(campaign, reason=command.reason, by=work.actor))
    unlock(campaign, reason="changes requested", year_used=False, raised=0, work=work)


def _approve(command: c.ApproveCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    company = work.load(Company, campaign.company_id)
    pack = work.packs.get(campaign.terms.rule_pack)
    event = review.approve(campaign, approved_hash=command.terms_hash, wallet=company.wallet, by=work.actor)
    company.check_standing(work.now)
    if campaign.terms.currency == WEI:
        check_stays(work.find(ChainLedger, LEDGER))
    work.record(campaign.id, event, pack=pack.id)


def _reject(command: c.RejectCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    work.record(campaign.id, review.reject(campaign, reason=command.reason, by=work.actor))
    # Investors never saw it, so the company has not had its campaign of the year.
    unlock(campaign, reason="rejected", year_used=False, raised=0, work=work)


def _confirm_deployment(command: c.ConfirmDeployment, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = running.confirm_deployment(
        campaign, address=command.address, deadline=command.deadline, fact=command.on_chain
    )
    record_if(work, campaign.id, event)


def _pause(command: c.PauseCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    record_if(work, campaign.id, running.pause(campaign, reason=command.reason, by=work.actor))


def _resume(command: c.ResumeCampaign, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = running.resume(campaign, reason=command.reason, by=work.actor)
    work.load(Company, campaign.company_id).check_standing(work.now)
    record_if(work, campaign.id, event)


def _post_update(command: c.PostUpdate, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = running.post_update(
        campaign,
        update_id=command.update_id,
        title=command.title,
        sha256=command.sha256,
        cid=command.cid,
        by=work.actor,
    )
    work.record(campaign.id, event)


def _declare_change(command: c.DeclareChange, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    pack = work.packs.get(campaign.terms.rule_pack)
    event = changing.declare(
        campaign,
        change_id=command.change_id,
        kind=command.kind,
        digest=command.digest,
        deadline=command.deadline,
        pack=pack,
        now=work.now,
        by=work.actor,
    )
    work.record(campaign.id, event, pack=pack.id)


def _approve_change(command: c.ApproveChange, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    pack = work.packs.get(campaign.terms.rule_pack)
    event = changing.approve(
        campaign, change_id=command.change_id, digest=command.digest, pack=pack, now=work.now, by=work.actor
    )
    work.record(campaign.id, event, pack=pack.id)


def _decline_change(command: c.DeclineChange, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    event = changing.decline(campaign, change_id=command.change_id, reason=command.reason, by=work.actor)
    work.record(campaign.id, event)


def _announce_early_close(command: c.AnnounceEarlyClose, work: Work) -> None:
    campaign = work.load(Campaign, command.campaign_id)
    pack = work.packs.get(campaign.terms.rule_pack)
    event = changing.announce_early_close(campaign, deadline=command.deadline, pack=pack, now=work.now, by=work.actor)
    record_if(work, campaign.id, event, pack=pack.id)


HANDLERS: dict[type[Command], Handler] = {
    c.DraftCampaign: _draft,
    c.AmendCampaign: _amend,
    c.AttachCampaignDocument: _attach,
    c.RemoveCampaignDocument: _remove,
    c.SubmitCampaign: _submit,
    c.WithdrawCampaign: _withdraw,
    c.StartCampaignReview: _start_review,
    c.RequestCampaignChanges: _request_changes,
    c.ApproveCampaign: _approve,
    c.RejectCampaign: _reject,
    c.ConfirmDeployment: _confirm_deployment,
    c.PauseCampaign: _pause,
    c.ResumeCampaign: _resume,
    c.PostUpdate: _post_update,
    c.DeclareChange: _declare_change,
    c.ApproveChange: _approve_change,
    c.DeclineChange: _decline_change,
    c.AnnounceEarlyClose: _announce_early_close,
}
