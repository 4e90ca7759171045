"""The loop on a real chain, a real journal and a real database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from abis import campaign_address, token_id
from domain.values import ChainFact
from tests.unit.chain_indexer.parts import World, caught_up, named


def test_a_log_that_repeats_an_entry_becomes_its_confirmation(world: World) -> None:
    obliging = world.kyb_approved()
    receipt = world.post_registration(obliging)
    progress = caught_up(world.indexer())
    (entry,) = world.journal.entries("company.registration_confirmed")
    log = receipt["logs"][0]
    fact: Any = entry.event
    assert fact.on_chain == ChainFact(
        chain_id=world.generation.chain_id,
        block_number=int(log["blockNumber"], 16),
        block_hash=log["blockHash"],
        tx_hash=log["transactionHash"],
        log_index=int(log["logIndex"], 16),
        entry_position=obliging.position,
    )
    assert (entry.meta.by, entry.meta.cause) == ("indexer:chain-indexer", obliging.position)
    assert entry.meta.correlation_id == obliging.meta.correlation_id
    assert (progress.position, progress.lag) == (int(log["blockNumber"], 16), 0)


def test_a_campaign_is_confirmed_from_deployment_to_release(world: World) -> None:
    indexer = world.indexer()
    world.post_registration(world.kyb_approved())
    caught_up(indexer)
    world.post_campaign(world.campaign_approved("a"))
    caught_up(indexer)
    world.post_investments(
        world.investment_funded("i", campaign="a"), world.investment_funded("j", campaign="a", amount=100_000)
    )
    caught_up(indexer)
    world.post_closing(world.campaign_closed("a"))
    caught_up(indexer)
    world.post_certificate(world.shares_allotted("i"))
    world.post_release(world.release_approved("a"))
    caught_up(indexer)

    (deployed,) = world.journal.entries("campaign.deployment_confirmed")
    event: Any = deployed.event
    assert event.address == campaign_address(world.generation, named("a"))
    created = world.chain.rpc.call("eth_getBlockByNumber", hex(event.on_chain.block_number), False)
    assert event.deadline == datetime.fromtimestamp(int(created["timestamp"], 16) + 86_400, UTC)
    assert {e.stream for e in world.journal.entries("investment.recording_confirmed")} == {named("i"), named("j")}
    (certified,) = world.journal.entries("investment.certificate_confirmed")
    certificate: Any = certified.event
    assert certificate.token_id == str(token_id(named("i")))
    assert len(world.journal.entries("campaign.closing_confirmed")) == 1
    assert len(world.journal.entries("campaign.release_confirmed")) == 1
    assert {row[0] for row in world.rows("SELECT kind FROM indexer.logs WHERE verdict = 'noted'")} == {
        "Transfer",
        "Locked",
    }
    assert world.rows("SELECT count(*) FROM indexer.foreign_logs WHERE reason <> 'not-a-confirmation'") == [(0,)]
