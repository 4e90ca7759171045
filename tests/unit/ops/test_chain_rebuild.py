"""What cannot be posted again is refused before anything is deployed, and says why."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.campaign import CampaignApproved, CampaignDrafted
from domain.journal import Draft, Journal, Meta
from domain.topics import codec
from domain.values import WEI, Terms
from ops.chain_rebuild import ChainRebuild, RebuildRefused
from ops.settings import Settings, load
from tests.support.chain import ChainAtHand

TERMS = Terms(
    currency="ETB",
    funding_goal=10**6,
    minimum=10_000,
    cap=10**7,
    share_price=100,
    duration_s=86_400,
    success_threshold_bps=7_500,
    fee_bps=500,
    rule_pack="default@1",
)
WALLET = "0x" + "a1" * 20


def living(database: str, folder: Path, chain: ChainAtHand, *, genesis_hash: str) -> Settings:
    """The settings of a house whose generation is on a chain with this genesis."""
    msgspec.structs.replace(chain.generation, genesis_hash=genesis_hash).save(folder / "generation.json")
    given = {
        "DATABASE_URL": database,
        "TANDEM_HOME": str(folder),
        "TANDEM_LOCAL": "1",
        "POLYGON_EDGE_RPC_URL": chain.url,
    }
    return load(given)


def approve(database: str, terms: Terms) -> UUID:
    campaign, company = uuid4(), uuid4()
    meta = Meta(at=datetime.now(UTC), by="ops:ops", command_id=uuid4(), correlation_id=uuid4(), cause=None, pack="-")
    events = (
        CampaignDrafted(campaign_id=campaign, company_id=company, title="t", terms=terms, owner="i"),
        CampaignApproved(company_id=company, wallet=WALLET, terms=terms, terms_hash="22" * 32),
    )
    with closing(Journal(database, codec=codec())) as journal:
        journal.save(*(Draft(campaign, place, event, meta) for place, event in enumerate(events, 1)))
    return campaign


def test_campaigns_in_the_chains_own_coin_are_refused_by_name(
    database: str, tmp_path: Path, chain: ChainAtHand
) -> None:
    approve(database, TERMS)
    coin = approve(database, msgspec.structs.replace(TERMS, currency=WEI))
    rebuild = ChainRebuild(living(database, tmp_path, chain, genesis_hash="0x" + "11" * 32), chain.url)
    count = chain.rpc.number("eth_blockNumber")

    with pytest.raises(RebuildRefused, match=str(coin)):
        rebuild.run(lambda _: None)

    assert chain.rpc.number("eth_blockNumber") == count
    assert not rebuild.folder.exists()


def test_the_chain_of_the_living_generation_is_refused(database: str, tmp_path: Path, chain: ChainAtHand) -> None:
    settings = living(database, tmp_path, chain, genesis_hash=chain.generation.genesis_hash)
    with pytest.raises(RebuildRefused, match="living generation"):
        ChainRebuild(settings, chain.url)
