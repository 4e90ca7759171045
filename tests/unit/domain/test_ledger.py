"""Another generation of the chain ledger takes the place of the living one, by two people, and never comes back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain import commands as c
from domain.journal import Actor
from domain.ledger import LEDGER, ChainGeneration, ChainLedger, LedgerPromoted
from domain.values import ChainFact
from tests.unit.domain.acts import (
    CAMPAIGN,
    COMPLIANCE,
    DIGEST,
    INDEXER,
    ISSUER,
    OPERATOR,
    OTHER_DIGEST,
    WEI,
    Stage,
    investment_id,
)
from tests.unit.domain.machines.ledgers import FOUNDING, SECOND, THIRD, approval, proposal

PROPOSED = proposal(SECOND, living=FOUNDING)
SECOND_OPERATOR = Actor("operator-2", "operator")


def promoted(*generations: ChainGeneration) -> Stage:
    """A journal whose chain ledger moved from generation to generation."""
    stage, living = Stage(), FOUNDING
    for generation in generations:
        stage.do(proposal(generation, living=living), by=OPERATOR)
        stage.do(approval(generation), by=COMPLIANCE)
        living = generation
    return stage


def ledger_of(stage: Stage) -> ChainLedger:
    found: ChainLedger = stage.find(LEDGER)
    return found


def test_two_people_promote_a_generation_and_the_one_before_it_has_ended() -> None:
    stage = Stage()
    stage.do(PROPOSED, by=OPERATOR)
    stage.ask(approval(SECOND), by=SECOND_OPERATOR).then(
        LedgerPromoted(
            generation=SECOND, previous=FOUNDING.id, compared_position=7, report_hash=DIGEST, proposer=OPERATOR.id
        )
    )
    ledger = ledger_of(stage)
    assert (ledger.living, ledger.past, ledger.proposal) == (SECOND, (FOUNDING.id,), None)


def test_whoever_proposed_may_not_approve_whatever_the_hat() -> None:
    stage = Stage()
    stage.do(PROPOSED, by=OPERATOR)
    stage.ask(approval(SECOND), by=Actor(OPERATOR.id, "compliance")).then_refused("four-eyes")


@pytest.mark.parametrize(
    "command",
    [
        c.ApprovePromotion(generation_id=SECOND.id, report_hash=OTHER_DIGEST),
        c.ApprovePromotion(generation_id=THIRD.id, report_hash=DIGEST),
    ],
    ids=["another report", "another generation"],
)
def test_the_approval_names_what_was_proposed(command: c.ApprovePromotion) -> None:
    stage = Stage()
    stage.do(PROPOSED, by=OPERATOR)
    stage.ask(command, by=COMPLIANCE).then_refused("approved-otherwise")


def test_a_withdrawn_proposal_cannot_be_approved_and_another_may_follow() -> None:
    stage = Stage()
    stage.do(PROPOSED, by=OPERATOR)
    stage.ask(proposal(THIRD, living=FOUNDING), by=SECOND_OPERATOR).then_refused("already-requested")
    stage.do(c.WithdrawPromotion(reason="the network is not watched yet"), by=COMPLIANCE)
    stage.ask(approval(SECOND), by=COMPLIANCE).then_refused("not-requested")
    stage.do(proposal(THIRD, living=FOUNDING), by=OPERATOR)


def test_nothing_can_be_decided_where_nothing_was_proposed() -> None:
    Stage().ask(approval(SECOND), by=COMPLIANCE).then_refused("not-requested")
    Stage().ask(c.WithdrawPromotion(reason="none"), by=COMPLIANCE).then_refused("not-requested")


def test_a_generation_that_has_ended_does_not_come_back() -> None:
    stage = promoted(SECOND, THIRD)
    assert ledger_of(stage).past == (FOUNDING.id, SECOND.id)
    for ended in (FOUNDING, SECOND):
        stage.ask(proposal(ended, living=THIRD), by=OPERATOR).then_refused("wrong-status")


def test_a_comparison_with_a_generation_that_does_not_live_is_refused() -> None:
    promoted(SECOND).ask(proposal(THIRD, living=FOUNDING), by=OPERATOR).then_refused("wrong-status")
    promoted(SECOND).ask(proposal(SECOND, living=SECOND), by=OPERATOR).then_refused("wrong-status")


@pytest.mark.parametrize(
    "generation",
    [
        replace(SECOND, chain_id=0),
        replace(SECOND, genesis_hash="0x12"),
        replace(SECOND, start_block=-1),
        replace(SECOND, addresses={}, code_hashes={}),
        replace(SECOND, addresses={**SECOND.addresses, "Other": "0x" + "0a" * 20}),
        replace(SECOND, addresses={"FundEscrow": "0x12"}),
        replace(SECOND, code_hashes={"FundEscrow": "0x12"}),
        replace(
            SECOND,
            addresses={"A": "0x" + "0a" * 20, "B": "0x" + "0A" * 20},
            code_hashes={"A": "0x" + "c0" * 32, "B": "0x" + "c0" * 32},
        ),
    ],
    ids=["chain", "genesis", "block", "no contract", "no code", "address", "code", "twice"],
)
def test_what_cannot_be_a_deployment_is_refused(generation: ChainGeneration) -> None:
    Stage().ask(proposal(generation, living=FOUNDING), by=OPERATOR).then_refused("generation-not-acceptable")


def test_a_proposal_says_how_far_and_with_what_result_was_compared() -> None:
    for wrong in (replace(PROPOSED, compared_position=0), replace(PROPOSED, report_hash="12")):
        refusal = Stage().ask(wrong, by=OPERATOR).refusal
        assert refusal is not None
        assert refusal.code in {"generation-not-acceptable", "digest-not-acceptable"}


def test_clients_may_not_decide_about_the_chain_ledger() -> None:
    for command in (PROPOSED, approval(SECOND), c.WithdrawPromotion(reason="no")):
        Stage().ask(command, by=ISSUER).then_refused("role-not-allowed")
    Stage().ask(PROPOSED, by=COMPLIANCE).then_refused("role-not-allowed")


def test_while_a_move_is_proposed_no_campaign_in_coin_is_approved() -> None:
    stage = Stage()
    stage.register_company()
    stage.draft(WEI)
    stage.do(c.SubmitCampaign(campaign_id=CAMPAIGN), by=ISSUER)
    approved = c.ApproveCampaign(campaign_id=CAMPAIGN, terms_hash=stage.campaign().content_hash)
    stage.do(PROPOSED, by=OPERATOR)
    stage.ask(approved, by=COMPLIANCE).then_refused("wrong-status")
    stage.do(c.WithdrawPromotion(reason="coin comes first"), by=OPERATOR)
    stage.do(approved, by=COMPLIANCE)


def of(fact: ChainFact, generation: ChainGeneration) -> ChainFact:
    return replace(fact, generation=generation.id)


def test_what_one_generation_confirmed_another_one_confirms_without_a_word_and_what_it_did_not_for_good() -> None:
    # given an investment that the founding generation has, and one that it has not yet
    stage = Stage()
    stage.open_campaign()
    for number in (1, 2):
        stage.invest(number, 50_000, investor=number)
    known = of(stage.fact(), FOUNDING)
    stage.do(c.ConfirmRecording(investment_id=investment_id(1), on_chain=known), by=INDEXER)

    # when the second generation shows both
    there = of(stage.fact(), SECOND)
    for number, topics in ((1, ()), (2, ("investment.recording_confirmed",))):
        confirm = c.ConfirmRecording(investment_id=investment_id(number), on_chain=there)
        stage.ask(confirm, by=INDEXER).then_topics(*topics)

    # then each names who confirmed it first; another log of the same generation is none of ours
    assert [stage.investment(number).recorded for number in (1, 2)] == [known, there]
    again = c.ConfirmRecording(investment_id=investment_id(2), on_chain=of(stage.fact(), SECOND))
    stage.ask(again, by=INDEXER).then_refused("confirmed-otherwise")
