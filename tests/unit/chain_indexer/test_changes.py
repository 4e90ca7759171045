"""What changes after the first round, from the chain back to the journal: money withdrawn, certificates changed."""

from __future__ import annotations

from typing import Any

from tests.support.wallets import wallet_of
from tests.unit.chain_indexer.parts import World, caught_up, named


def test_a_refund_before_the_closing_is_confirmed_and_the_campaign_closes_without_it(world: World) -> None:
    indexer = world.indexer()
    world.post_registration(world.kyb_approved())
    caught_up(indexer)
    world.post_campaign(world.campaign_approved("a"))
    caught_up(indexer)
    leaving = world.investment_funded("i", campaign="a", amount=100_000)
    world.post_investments(leaving, world.investment_funded("j", campaign="a"))
    caught_up(indexer)
    world.post_refund(world.investment_cancelled("i"))
    caught_up(indexer)
    world.post_closing(world.campaign_closed("a"))
    caught_up(indexer)

    (refunded,) = world.journal.entries("investment.refund_confirmed")
    (closed,) = world.journal.entries("campaign.closing_confirmed")
    outcome: Any = closed.event
    assert (refunded.stream, outcome.outcome) == (named("i"), "successful")
    assert world.rows("SELECT verdict FROM indexer.logs WHERE kind = 'InvestmentWithdrawn'") == [("noted",)]


def test_the_changes_of_a_certificate_are_confirmed_and_the_holder_s_own_transfer_is_recorded(world: World) -> None:
    # given a certificate
    indexer = world.indexer()
    world.post_registration(world.kyb_approved())
    caught_up(indexer)
    world.post_campaign(world.campaign_approved("a"))
    caught_up(indexer)
    world.post_investments(world.investment_funded("i", campaign="a"))
    world.post_closing(world.campaign_closed("a"))
    caught_up(indexer)
    world.post_certificate(world.shares_allotted("i"))
    caught_up(indexer)

    # when it is revoked, reissued, and transferred by the holder after an approval
    world.post_change(world.certificate_changed("i", change="one", kind="revoke"))
    caught_up(indexer)
    world.post_change(world.certificate_changed("i", change="two", kind="reissue", wallet=wallet_of("heir")))
    caught_up(indexer)
    approval = world.certificate_changed("i", change="three", kind="transfer", wallet=wallet_of("buyer").lower())
    world.post_change(approval)
    world.transfer("i", holder="heir", to=wallet_of("buyer"))
    caught_up(indexer)

    # then the journal knows each of them, and whose the certificate is
    confirmed: list[Any] = [e.event for e in world.journal.entries("investment.certificate_change_confirmed")]
    assert [event.change_id for event in confirmed] == [named("one"), named("two"), named("three")]
    (moved,) = world.journal.entries("investment.certificate_transferred")
    event: Any = moved.event
    assert (event.change_id, event.from_wallet, event.to_wallet) == (
        named("three"),
        wallet_of("heir"),
        wallet_of("buyer"),
    )
    assert event.on_chain.entry_position == moved.meta.cause == approval.position
    assert world.rows("SELECT count(*) FROM indexer.foreign_logs WHERE reason <> 'not-a-confirmation'") == [(0,)]
    assert {row[0] for row in world.rows("SELECT kind FROM indexer.logs WHERE verdict = 'noted'")} == {
        "RoleGranted",
        "Transfer",
        "Locked",
        "Unlocked",
    }
