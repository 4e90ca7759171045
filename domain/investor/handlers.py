"""Commands of an investor: load it, let it decide, record what it says."""

from __future__ import annotations

from domain.asking import Command, Handler, Work, record_if
from domain.investor import commands as c
from domain.investor import eligibility, identity
from domain.investor.state import Investor


def _register(command: c.RegisterInvestor, work: Work) -> None:
    event = identity.register(investor_id=command.investor_id, reference=command.reference, by=work.actor)
    work.create(command.investor_id, event)


def _challenge_wallet(command: c.ChallengeWallet, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    event = identity.challenge_wallet(
        investor,
        wallet=command.wallet,
        nonce=command.nonce,
        domain=command.domain,
        chain_id=command.chain_id,
        now=work.now,
        by=work.actor,
    )
    work.record(investor.id, event)


def _bind_wallet(command: c.BindWallet, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    event = identity.bind_wallet(
        investor,
        nonce=command.nonce,
        scheme=command.scheme,
        signature=command.signature,
        now=work.now,
        by=work.actor,
    )
    work.record(investor.id, event)


def _submit_kyc(command: c.SubmitKyc, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    work.record(investor.id, identity.submit_kyc(investor, evidence=command.evidence, by=work.actor))


def _approve_kyc(command: c.ApproveKyc, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    event = identity.approve_kyc(
        investor, level=command.level, valid_until=command.valid_until, now=work.now, by=work.actor
    )
    record_if(work, investor.id, event)


def _reject_kyc(command: c.RejectKyc, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    record_if(work, investor.id, identity.reject_kyc(investor, reason=command.reason, by=work.actor))


def _expire_kyc(command: c.ExpireKyc, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    record_if(work, investor.id, identity.expire_kyc(investor, now=work.now))


def _classify(command: c.ClassifyInvestor, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    event = eligibility.classify(
        investor,
        classification=command.classification,
        evidence=command.evidence,
        valid_until=command.valid_until,
        now=work.now,
        by=work.actor,
    )
    work.record(investor.id, event)


def _record_test(command: c.RecordEntryTest, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    event = eligibility.record_test(
        investor,
        passed=command.passed,
        evidence=command.evidence,
        valid_until=command.valid_until,
        now=work.now,
        by=work.actor,
    )
    work.record(investor.id, event)


def _declare_means(command: c.DeclareMeans, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    pack = work.packs.get(command.rule_pack)
    event = eligibility.declare_means(
        investor, income=command.income, net_worth=command.net_worth, pack=pack, now=work.now, by=work.actor
    )
    work.record(investor.id, event, pack=pack.id)


def _acknowledge(command: c.AcknowledgeRisk, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    event = eligibility.acknowledge(investor, kind=command.kind, sha256=command.sha256, by=work.actor)
    record_if(work, investor.id, event)


def _erase(command: c.EraseInvestor, work: Work) -> None:
    investor = work.load(Investor, command.investor_id)
    record_if(work, investor.id, identity.erase(investor, reason=command.reason, by=work.actor))


HANDLERS: dict[type[Command], Handler] = {
    c.RegisterInvestor: _register,
    c.ChallengeWallet: _challenge_wallet,
    c.BindWallet: _bind_wallet,
    c.SubmitKyc: _submit_kyc,
    c.ApproveKyc: _approve_kyc,
    c.RejectKyc: _reject_kyc,
    c.ExpireKyc: _expire_kyc,
    c.ClassifyInvestor: _classify,
    c.RecordEntryTest: _record_test,
    c.DeclareMeans: _declare_means,
    c.AcknowledgeRisk: _acknowledge,
    c.EraseInvestor: _erase,
}
