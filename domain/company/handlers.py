"""Commands of a company: load it, let it decide, record what it says."""

from __future__ import annotations

from domain.asking import Command, Handler, Work, record_if
from domain.company import commands as c
from domain.company import documents, exclusivity, kyb
from domain.company.state import Company, company_id


def _register(command: c.RegisterCompany, work: Work) -> None:
    event = documents.register(
        legal_name=command.legal_name,
        tax_number=command.tax_number,
        sector=command.sector,
        registration_year=command.registration_year,
        wallet=command.wallet,
        now=work.now,
        by=work.actor,
    )
    work.create(company_id(command.tax_number), event)


def _amend_details(command: c.AmendDetails, work: Work) -> None:
    company = work.load(Company, command.company_id)
    event = documents.amend_details(company, legal_name=command.legal_name, sector=command.sector, by=work.actor)
    record_if(work, company.id, event)


def _publish_profile(command: c.PublishProfile, work: Work) -> None:
    company = work.load(Company, command.company_id)
    event = documents.publish_profile(company, profile=command.profile, now=work.now, by=work.actor)
    record_if(work, company.id, event)


def _publish_memorandum(command: c.PublishMemorandum, work: Work) -> None:
    company = work.load(Company, command.company_id)
    event = documents.publish_memorandum(company, sha256=command.sha256, cid=command.cid, by=work.actor)
    record_if(work, company.id, event)


def _attach_document(command: c.AttachDocument, work: Work) -> None:
    company = work.load(Company, command.company_id)
    event = documents.attach(
        company,
        document_id=command.document_id,
        kind=command.kind,
        sha256=command.sha256,
        cid=command.cid,
        expires_at=command.expires_at,
        now=work.now,
        by=work.actor,
    )
    record_if(work, company.id, event)


def _withdraw_document(command: c.WithdrawDocument, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, documents.withdraw(company, document_id=command.document_id, by=work.actor))


def _approve_document(command: c.ApproveDocument, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, documents.approve(company, document_id=command.document_id, by=work.actor))


def _reject_document(command: c.RejectDocument, work: Work) -> None:
    company = work.load(Company, command.company_id)
    event = documents.reject(company, document_id=command.document_id, reason=command.reason, by=work.actor)
    record_if(work, company.id, event)


def _expire_document(command: c.ExpireDocument, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, documents.expire(company, document_id=command.document_id, now=work.now))


def _submit_kyb(command: c.SubmitKyb, work: Work) -> None:
    company = work.load(Company, command.company_id)
    work.record(company.id, kyb.submit(company, by=work.actor))


def _start_kyb_review(command: c.StartKybReview, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, kyb.start_review(company, by=work.actor))


def _request_kyb_information(command: c.RequestKybInformation, work: Work) -> None:
    company = work.load(Company, command.company_id)
    work.record(company.id, kyb.request_information(company, reason=command.reason, by=work.actor))


def _approve_kyb(command: c.ApproveKyb, work: Work) -> None:
    company = work.load(Company, command.company_id)
    event = kyb.approve(
        company,
        documents_hash=command.documents_hash,
        valid_until=command.valid_until,
        now=work.now,
        by=work.actor,
    )
    work.record(company.id, event)


def _reject_kyb(command: c.RejectKyb, work: Work) -> None:
    company = work.load(Company, command.company_id)
    work.record(company.id, kyb.reject(company, reason=command.reason, by=work.actor))


def _expire_kyb(command: c.ExpireKyb, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, kyb.expire(company, now=work.now))


def _suspend(command: c.SuspendCompany, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, kyb.suspend(company, reason=command.reason, by=work.actor))


def _reinstate(command: c.ReinstateCompany, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, kyb.reinstate(company, reason=command.reason, by=work.actor))


def _request_rotation(command: c.RequestWalletRotation, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, kyb.request_rotation(company, wallet=command.wallet, by=work.actor))


def _approve_rotation(command: c.ApproveWalletRotation, work: Work) -> None:
    company = work.load(Company, command.company_id)
    work.record(company.id, kyb.approve_rotation(company, wallet=command.wallet, by=work.actor))


def _request_override(command: c.RequestOverride, work: Work) -> None:
    company = work.load(Company, command.company_id)
    event = exclusivity.request_override(
        company,
        override_id=command.override_id,
        year=command.year,
        reason=command.reason,
        now=work.now,
        by=work.actor,
    )
    work.record(company.id, event)


def _grant_override(command: c.GrantOverride, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, exclusivity.grant_override(company, override_id=command.override_id, by=work.actor))


def _confirm_registration(command: c.ConfirmCompanyRegistration, work: Work) -> None:
    company = work.load(Company, command.company_id)
    record_if(work, company.id, kyb.confirm_registration(company, command.on_chain))


HANDLERS: dict[type[Command], Handler] = {
    c.RegisterCompany: _register,
    c.AmendDetails: _amend_details,
    c.PublishProfile: _publish_profile,
    c.PublishMemorandum: _publish_memorandum,
    c.AttachDocument: _attach_document,
    c.WithdrawDocument: _withdraw_document,
    c.ApproveDocument: _approve_document,
    c.RejectDocument: _reject_document,
    c.ExpireDocument: _expire_document,
    c.SubmitKyb: _submit_kyb,
    c.StartKybReview: _start_kyb_review,
    c.RequestKybInformation: _request_kyb_information,
    c.ApproveKyb: _approve_kyb,
    c.RejectKyb: _reject_kyb,
    c.ExpireKyb: _expire_kyb,
    c.SuspendCompany: _suspend,
    c.ReinstateCompany: _reinstate,
    c.RequestWalletRotation: _request_rotation,
    c.ApproveWalletRotation: _approve_rotation,
    c.RequestOverride: _request_override,
    c.GrantOverride: _grant_override,
    c.ConfirmCompanyRegistration: _confirm_registration,
}
