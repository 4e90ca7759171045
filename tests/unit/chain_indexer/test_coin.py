"""Coin at the escrow becomes facts of the journal: each log once, whatever it is, and none stops the indexer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from abis import calls, logs
from chain_indexer.coin import command_of, heard
from chain_indexer.logs import ChainPosition
from domain import commands as c
from domain.errors import Refusal
from domain.payment import Payment
from tests.support.chain import ChainAtHand
from tests.support.coin import DAY_S, CoinWorld
from tests.support.wallets import key_of, wallet_of


@pytest.fixture
def coin(database: str, chain: ChainAtHand, tmp_path: Path) -> Iterator[CoinWorld]:
    with ExitStack() as opened:
        yield CoinWorld(database, chain, tmp_path, opened)


@pytest.fixture
def committed(coin: CoinWorld) -> CoinWorld:
    """Both campaigns are open, and everybody has committed."""
    coin.open_both()
    for offering in (coin.succeeding, coin.failing):
        for commitment in offering.commitments:
            coin.commit(offering, commitment)
    coin.endow(wallet_of("stranger"))
    return coin


def verdicts(coin: CoinWorld, *kinds: str) -> list[tuple[str, str]]:
    """What the indexer made of logs of these kinds, in the order of the chain."""
    with psycopg.connect(coin.database) as owner:
        rows = owner.execute(
            "SELECT kind, verdict FROM indexer.logs WHERE kind = ANY (%s) ORDER BY block_number, log_index",
            (list(kinds),),
        )
        return [(str(kind), str(verdict)) for kind, verdict in rows]


def parts(payment: Payment) -> tuple[int, int, int]:
    return payment.applied, payment.owed, payment.returned


def test_the_exact_deposit_of_the_investor_funds_the_investment(committed: CoinWorld) -> None:
    commitment = committed.succeeding.commitments[0]
    receipt = committed.deposit(committed.succeeding, commitment)
    committed.index()

    payment = committed.payment(receipt)
    assert (payment.provider, payment.currency, payment.recorder) == ("chain", "wei", "chain-indexer")
    assert payment.reference == f"{receipt['transactionHash']}:0"
    assert parts(payment) == (commitment.amount, 0, 0)
    assert payment.investment_id == commitment.investment_id
    assert payment.deposit is not None
    assert payment.deposit.depositor == commitment.investor.wallet
    assert payment.deposit.place.block_hash == receipt["blockHash"]
    assert committed.state(commitment.investment_id).status == "funded"
    assert committed.state(committed.succeeding.campaign_id).raised == commitment.amount
    assert verdicts(committed, "Deposited") == [("Deposited", "recorded")]
    (entry,) = committed.reader.stream(payment.id)
    assert entry.meta.by == "indexer:chain-indexer"


@pytest.mark.parametrize("change", [-1_000, 1_000], ids=["a part", "too much"])
def test_a_deposit_of_another_amount_counts_for_nothing_and_stays_its_depositors(
    committed: CoinWorld, change: int
) -> None:
    commitment = committed.succeeding.commitments[0]
    receipt = committed.deposit(committed.succeeding, commitment, amount=commitment.amount + change)
    committed.index()

    assert parts(committed.payment(receipt)) == (0, commitment.amount + change, 0)
    assert committed.payment(receipt).investment_id == commitment.investment_id
    assert committed.state(commitment.investment_id).status == "committed"


@pytest.mark.parametrize("stranger_first", [True, False])
def test_of_two_deposits_only_the_investors_own_counts(committed: CoinWorld, *, stranger_first: bool) -> None:
    commitment = committed.succeeding.commitments[0]
    people = ["stranger", None] if stranger_first else [None, "stranger"]
    receipts = {by: committed.deposit(committed.succeeding, commitment, by=by) for by in people}
    committed.index()

    assert parts(committed.payment(receipts[None])) == (commitment.amount, 0, 0)
    assert parts(committed.payment(receipts["stranger"])) == (0, commitment.amount, 0)


def test_a_deposit_for_an_investment_that_nobody_knows_is_kept_as_nobodys(committed: CoinWorld) -> None:
    campaign, unknown = committed.succeeding.campaign_id, uuid4()
    first = committed.at_escrow(
        calls.deposit(campaign_id=campaign, investment_id=unknown), key=key_of("stranger"), value=7
    )
    no_id = calls.selector("deposit(bytes32,bytes32)") + campaign.bytes + bytes(16) + b"\xff" * 32
    second = committed.at_escrow(no_id, key=key_of("stranger"), value=8)
    committed.index()

    for receipt, amount, name in ((first, 7, str(unknown)), (second, 8, "0x" + "ff" * 32)):
        payment = committed.payment(receipt)
        assert (payment.investment_id, payment.campaign_id, parts(payment)) == (None, None, (0, amount, 0))
        assert payment.deposit is not None
        assert (payment.deposit.investment, payment.deposit.campaign) == (name, str(campaign))


def test_a_deposit_under_the_wrong_campaign_is_nobodys_and_can_never_be_matched(committed: CoinWorld) -> None:
    commitment = committed.succeeding.commitments[0]
    receipt = committed.deposit(committed.failing, commitment)
    committed.index()

    payment = committed.payment(receipt)
    assert (payment.investment_id, parts(payment)) == (None, (0, commitment.amount, 0))
    match = c.MatchPayment(payment_id=payment.id, investment_id=commitment.investment_id)
    with pytest.raises(Refusal, match="not exactly what this investment asks for"):
        committed.give("treasury_maker", match)


def test_a_deposit_that_came_before_its_commitment_can_be_matched_to_it(coin: CoinWorld) -> None:
    coin.open_both()
    commitment = coin.succeeding.commitments[0]
    receipt = coin.deposit(coin.succeeding, commitment)
    coin.index()
    assert coin.payment(receipt).investment_id is None

    coin.commit(coin.succeeding, commitment)
    match = c.MatchPayment(payment_id=coin.payment(receipt).id, investment_id=commitment.investment_id)
    coin.give("treasury_maker", match)
    coin.go_on()

    assert coin.state(commitment.investment_id).recorded is not None


def test_a_deposit_after_the_journal_closed_is_owed_and_goes_back_by_reclaim(committed: CoinWorld) -> None:
    offering = committed.failing
    commitment = offering.commitments[0]
    committed.give("operator", c.CloseCampaign(campaign_id=offering.campaign_id, reason="over"))
    receipt = committed.deposit(offering, commitment)  # the chain has not heard of the closing yet
    committed.go_on()
    assert parts(committed.payment(receipt)) == (0, commitment.amount, 0)

    back = committed.reclaim(commitment.investment_id, key=commitment.investor.key)
    committed.index()

    payment = committed.payment(receipt)
    assert parts(payment) == (0, 0, commitment.amount)
    returned, recorded = list(committed.reader.stream(payment.id))[::-1]
    assert returned.topic == "payment.returned"
    assert returned.event.return_reference == f"{back['transactionHash']}:0"  # type: ignore[attr-defined]
    assert returned.meta.correlation_id == recorded.meta.correlation_id
    assert verdicts(committed, "DepositReclaimed") == [("DepositReclaimed", "recorded")]


def test_a_second_reading_of_the_chain_records_nothing_twice(committed: CoinWorld) -> None:
    for commitment in committed.succeeding.commitments:
        committed.deposit(committed.succeeding, commitment)
    committed.index()
    known = committed.reader.head()

    committed.index_anew()

    assert committed.reader.head() == known
    assert {verdict for _, verdict in verdicts(committed, "Deposited")} == {"recorded"}


def test_a_refund_that_is_pulled_is_reclaimed_of_its_payment(committed: CoinWorld) -> None:
    offering = committed.failing
    receipts = [committed.deposit(offering, commitment) for commitment in offering.commitments]
    committed.go_on()
    committed.give("operator", c.CloseCampaign(campaign_id=offering.campaign_id, reason="over"))
    committed.go_on()
    committed.go_on()
    assert committed.state(offering.campaign_id).status == "refunded"
    assert [parts(committed.payment(r)) for r in receipts] == [(c.amount, 0, 0) for c in offering.commitments]

    for commitment in offering.commitments:
        committed.reclaim(commitment.investment_id, key=commitment.investor.key)
    committed.index()

    assert [parts(committed.payment(r)) for r in receipts] == [(0, 0, c.amount) for c in offering.commitments]
    assert committed.topics(committed.payment(receipts[0]).id) == ["payment.recorded", "payment.reclaimed"]
    assert committed.state(offering.campaign_id).accounts.escrow == 0


def test_a_release_that_its_issuer_takes_is_withdrawn_and_the_fees_are_noted(committed: CoinWorld) -> None:
    succeed(committed)
    issuer = key_of(committed.succeeding.name)
    committed.at_escrow(calls.withdraw(), key=issuer)
    committed.at_escrow(calls.withdraw(), key=committed.chain.deployer_key)  # the fee wallet until it is set
    committed.index()

    (release,) = committed.state(committed.succeeding.campaign_id).releases
    assert release.withdrawn is not None
    assert committed.topics(committed.succeeding.campaign_id)[-1] == "campaign.release_withdrawn"
    assert verdicts(committed, "CreditWithdrawn") == [("CreditWithdrawn", "recorded"), ("CreditWithdrawn", "noted")]


def succeed(coin: CoinWorld) -> None:
    """All have paid; the campaign has closed as successful, and its release is on the chain."""
    coin.fund(coin.succeeding)
    coin.give("operator", c.CloseCampaign(campaign_id=coin.succeeding.campaign_id, reason="over"))
    coin.go_on()
    coin.go_on()
    coin.release()


def test_an_emergency_that_is_called_off_is_told_and_nothing_more(committed: CoinWorld) -> None:
    campaign = committed.succeeding.campaign_id
    committed.at_escrow(calls.announce_emergency(campaign), key=committed.chain.deployer_key)
    committed.index()
    assert committed.state(campaign).emergency_at is not None
    committed.at_escrow(calls.cancel_emergency(campaign), key=committed.chain.deployer_key)
    committed.index()
    assert committed.state(campaign).emergency_at is None
    assert committed.topics(campaign)[-2:] == ["campaign.emergency_announced", "campaign.emergency_cancelled"]


def test_in_an_emergency_depositors_take_their_investments_out_of_an_open_campaign(committed: CoinWorld) -> None:
    offering = committed.succeeding
    committed.fund(offering)
    committed.begin_emergency(offering)
    for commitment in offering.commitments:
        committed.reclaim(commitment.investment_id, key=commitment.investor.key)
    committed.index()

    assert [committed.state(i.investment_id).status for i in offering.commitments] == ["refunded"] * 2
    committed.give("operator", c.CloseCampaign(campaign_id=offering.campaign_id, reason="the emergency"))
    committed.go_on()

    campaign = committed.state(offering.campaign_id)
    assert (campaign.outcome, campaign.status, campaign.accounts.escrow) == ("failed", "refunded", 0)


def test_a_deposit_that_was_never_recorded_is_taken_out_of_its_investment_and_the_rest_goes_on(
    committed: CoinWorld,
) -> None:
    offering = committed.succeeding
    first, second = offering.commitments
    committed.deposit(offering, first)
    committed.deposit(offering, second)
    committed.index()
    committed.chain.wait(offering.terms["duration_s"] + 31 * DAY_S)  # the writer slept for too long
    committed.reclaim(first.investment_id, key=first.investor.key)
    committed.index()

    campaign, investment = committed.state(offering.campaign_id), committed.state(first.investment_id)
    assert (investment.status, investment.cancelled) == ("refunded", "deposit taken back")
    assert (campaign.raised, campaign.unwinding, campaign.accounts.escrow) == (second.amount, 0, second.amount)


def test_in_an_emergency_after_the_release_nothing_more_is_there_to_take(committed: CoinWorld) -> None:
    succeed(committed)
    committed.begin_emergency(committed.succeeding)
    commitment = committed.succeeding.commitments[0]
    receipt = committed.chain.send(
        committed.escrow, calls.reclaim(commitment.investment_id), key=commitment.investor.key
    )
    committed.index()
    assert int(receipt["status"], 16) == 0
    assert committed.state(committed.succeeding.campaign_id).status == "settled"


def test_in_an_emergency_before_the_release_shares_stand_and_the_coin_goes_back(committed: CoinWorld) -> None:
    offering = committed.succeeding
    committed.fund(offering)
    committed.give("operator", c.CloseCampaign(campaign_id=offering.campaign_id, reason="over"))
    committed.go_on()
    committed.go_on()
    names = {"campaign_id": offering.campaign_id, "release_id": committed.release_id}
    committed.begin_emergency(offering)
    first = offering.commitments[0]
    committed.reclaim(first.investment_id, key=first.investor.key)
    committed.index()

    campaign = committed.state(offering.campaign_id)
    assert campaign.accounts.escrow == campaign.raised - first.amount
    assert (campaign.refunded_investments, committed.state(first.investment_id).status) == (0, "certified")
    committed.give("treasury_maker", c.RequestRelease(**names))  # the journal's clock is not there yet


def test_what_a_person_may_not_say_of_coin(committed: CoinWorld) -> None:
    commitment = committed.succeeding.commitments[0]
    receipt = committed.deposit(committed.succeeding, commitment, amount=5)
    committed.index()
    payment = committed.payment(receipt).id
    money = {"reference": "1", "amount": commitment.amount, "investment_id": commitment.investment_id}
    for role, command in (
        ("treasury_maker", c.RecordPayment(provider="chain", currency="wei", **money)),
        ("treasury_maker", c.RecordPayment(provider="bank", currency="wei", **money)),
        ("treasury_maker", c.RecordPayment(provider="chain", currency="ETB", **money)),
        ("treasury_checker", c.ReturnPayment(payment_id=payment, return_reference="1")),
        ("treasury_maker", c.ReversePayment(payment_id=payment, reason="recall")),
        ("indexer", c.RecordPayment(provider="bank", currency="ETB", **money)),
    ):
        with pytest.raises(Refusal) as refusal:
            committed.give(role, command)
        assert refusal.value.code == "role-not-allowed"


def test_a_reclaim_of_what_was_never_seen_is_no_command() -> None:
    at = ChainPosition(block_number=1, tx_index=0, log_index=0, block_hash="0x1", tx_hash="0x2")
    log = logs.DepositReclaimed(investment_id=bytes(32), campaign_id=bytes(32), depositor="0x3", amount=1)
    assert command_of(log, at, chain_id=100, coin=heard([])) is None
