"""Certificates: issued after a success, revoked, reissued and transferred by two people and with evidence."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain import commands as c
from domain.investment import (
    CertificateReissued,
    CertificateRevoked,
    CertificateTransferred,
    SharesAllotted,
    TransferApproved,
)
from domain.journal import Actor
from tests.unit.domain.acts import (
    CAMPAIGN,
    COMPLIANCE,
    DEFAULT,
    DIGEST,
    INDEXER,
    ISSUER_WALLET,
    OTHER_COMPLIANCE,
    PROCESS,
    Stage,
    certified,
    investment_id,
    live,
    succeeded,
    wallet_of,
)
from tests.unit.domain.scenario import When

ONE, TWO = UUID(int=1), UUID(int=2)
NEW_WALLET = "0x00000000000000000000000000000000000000C7"


def _request(stage: Stage, kind: str, *, change: UUID = ONE, wallet: str | None = None, evidence: str = DIGEST) -> When:
    command = c.RequestCertificateChange(
        investment_id=investment_id(1),
        change_id=change,
        kind=kind,
        reason="a lost key",
        evidence=evidence,
        wallet=wallet,
    )
    return stage.ask(command, by=COMPLIANCE)


def _approve(stage: Stage, change: UUID = ONE, *, by: Actor = OTHER_COMPLIANCE) -> When:
    return stage.ask(c.ApproveCertificateChange(investment_id=investment_id(1), change_id=change), by=by)


def _confirm(stage: Stage, change: UUID = ONE) -> When:
    command = c.ConfirmCertificateChange(investment_id=investment_id(1), change_id=change, on_chain=stage.fact())
    return stage.ask(command, by=INDEXER)


def test_shares_are_allotted_once_and_after_a_success_that_the_chain_has_confirmed() -> None:
    """Rule 6 of the platform replaced: a certificate only after success, one for each investment."""
    stage = live()
    stage.invest(1, 80_000)
    allot = c.AllotShares(investment_id=investment_id(1))
    stage.ask(allot, by=PROCESS).then_refused("not-successful")
    stage.close()
    stage.confirm_closing()
    stage.ask(allot, by=PROCESS).then(SharesAllotted(campaign_id=CAMPAIGN, wallet=wallet_of(1), shares=80))
    stage.ask(allot, by=PROCESS).then_nothing()


def test_only_money_that_counts_becomes_shares() -> None:
    stage = live()
    stage.invest(1, 80_000)
    stage.commit(2, 20_000)
    stage.close()
    stage.confirm_closing()
    stage.ask(c.AllotShares(investment_id=investment_id(2)), by=PROCESS).then_refused("wrong-status")


def test_the_chain_confirms_a_certificate_that_was_obliged() -> None:
    stage = succeeded()
    confirm = c.ConfirmCertificate(investment_id=investment_id(1), token_id="7", on_chain=stage.fact())
    stage.ask(confirm, by=INDEXER).then_refused("not-obliged")
    stage.allot(1)
    stage.ask(confirm, by=INDEXER).then_topics("investment.certificate_confirmed")
    stage.ask(confirm, by=INDEXER).then_nothing()
    assert (stage.investment(1).status, stage.investment(1).holder) == ("certified", wallet_of(1))


def test_two_people_revoke_a_certificate_with_evidence() -> None:
    stage = certified()
    _request(stage, "revoke").then_topics("investment.certificate_change_requested")
    _approve(stage, by=COMPLIANCE).then_refused("four-eyes")
    _approve(stage).then(
        CertificateRevoked(
            change_id=ONE,
            campaign_id=CAMPAIGN,
            wallet=wallet_of(1),
            shares=120,
            reason="a lost key",
            evidence=DIGEST,
        )
    )
    assert stage.investment(1).status == "revoked"
    _confirm(stage).then_topics("investment.certificate_change_confirmed")


def test_a_revoked_certificate_can_only_be_reissued() -> None:
    stage = certified()
    _request(stage, "revoke").then_topics("investment.certificate_change_requested")
    _approve(stage).then_topics("investment.certificate_revoked")
    _request(stage, "reissue", change=TWO, wallet=wallet_of(1)).then_refused("already-requested")
    _confirm(stage).then_topics("investment.certificate_change_confirmed")
    _request(stage, "revoke", change=TWO).then_refused("wrong-status")
    _request(stage, "transfer", change=TWO, wallet=NEW_WALLET).then_refused("wrong-status")
    _request(stage, "reissue", change=TWO, wallet=wallet_of(1)).then_topics("investment.certificate_change_requested")
    _approve(stage, TWO).then_topics("investment.certificate_reissued")
    assert stage.investment(1).status == "certified"


def test_a_certificate_is_reissued_to_a_new_wallet() -> None:
    stage = certified()
    _request(stage, "reissue", wallet=NEW_WALLET).then_topics("investment.certificate_change_requested")
    _approve(stage).then(
        CertificateReissued(
            change_id=ONE,
            campaign_id=CAMPAIGN,
            wallet=NEW_WALLET,
            previous_wallet=wallet_of(1),
            shares=120,
            reason="a lost key",
            evidence=DIGEST,
        )
    )
    assert stage.investment(1).holder == NEW_WALLET


def _transfer(stage: Stage, receiver: str = NEW_WALLET) -> When:
    command = c.RecordTransfer(
        investment_id=investment_id(1),
        change_id=ONE,
        sender=wallet_of(1),
        receiver=receiver,
        on_chain=stage.fact(),
    )
    return stage.ask(command, by=INDEXER)


def test_the_holder_transfers_a_certificate_once_two_people_allowed_it() -> None:
    """Rule 9 of the platform replaced: certificates do not pass from hand to hand."""
    stage = certified()
    _transfer(stage).then_refused("not-obliged")
    _request(stage, "transfer", wallet=NEW_WALLET).then_topics("investment.certificate_change_requested")
    _transfer(stage).then_refused("not-obliged")
    _approve(stage).then(
        TransferApproved(
            change_id=ONE,
            campaign_id=CAMPAIGN,
            wallet=wallet_of(1),
            new_wallet=NEW_WALLET,
            reason="a lost key",
            evidence=DIGEST,
        )
    )
    _confirm(stage).then_topics("investment.certificate_change_confirmed")
    assert stage.investment(1).holder == wallet_of(1)
    _transfer(stage, ISSUER_WALLET).then_refused("not-obliged")
    (moved,) = _transfer(stage).events
    assert isinstance(moved, CertificateTransferred)
    assert (stage.investment(1).holder, stage.investment(1).changing) == (NEW_WALLET, None)
    _transfer(stage).then_nothing()


def test_one_change_of_a_certificate_after_the_other() -> None:
    stage = certified()
    _request(stage, "revoke").then_topics("investment.certificate_change_requested")
    _request(stage, "revoke", change=TWO).then_refused("already-requested")


def test_a_declined_change_changes_nothing() -> None:
    stage = certified()
    decline = c.DeclineCertificateChange(investment_id=investment_id(1), change_id=ONE, reason="no proof")
    stage.ask(decline, by=COMPLIANCE).then_refused("not-requested")
    _request(stage, "revoke").then_topics("investment.certificate_change_requested")
    stage.ask(decline, by=COMPLIANCE).then_topics("investment.certificate_change_declined")
    _approve(stage).then_refused("not-requested")
    assert stage.investment(1).status == "certified"


@pytest.mark.parametrize(
    ("kind", "wallet", "evidence", "code"),
    [
        ("burn", None, DIGEST, "unknown-value"),
        ("revoke", None, "hearsay", "digest-not-acceptable"),
        ("revoke", NEW_WALLET, DIGEST, "wallet-not-acceptable"),
        ("reissue", None, DIGEST, "wallet-not-acceptable"),
        ("reissue", "0x0", DIGEST, "wallet-not-acceptable"),
        ("transfer", wallet_of(1).lower(), DIGEST, "wallet-not-acceptable"),
    ],
)
def test_a_change_is_asked_for_whole(kind: str, wallet: str | None, evidence: str, code: str) -> None:
    _request(certified(), kind, wallet=wallet, evidence=evidence).then_refused(code)


def test_without_a_certificate_there_is_nothing_to_change() -> None:
    _request(succeeded(DEFAULT), "revoke").then_refused("wrong-status")


def test_a_change_that_was_made_is_not_asked_for_again() -> None:
    stage = certified()
    _request(stage, "reissue", wallet=NEW_WALLET).then_topics("investment.certificate_change_requested")
    _approve(stage).then_topics("investment.certificate_reissued")
    _confirm(stage, TWO).then_refused("not-obliged")
    _confirm(stage).then_topics("investment.certificate_change_confirmed")
    _request(stage, "revoke").then_refused("already-exists")
    _confirm(stage).then_refused("confirmed-otherwise")
