"""The house runs on the generation that the journal promoted last, and says so to whoever starts it on another."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import asdict, replace

from domain import commands as c
from domain.journal import JournalReader
from domain.ledger import ChainGeneration, generation_id
from domain.topics import codec
from ops.chain_rebuild import Rebuilt, Refused
from ops.generations import GenerationEnded, Promotions, check_living
from ops.promotion import PromotionRefused, key_of, promote, propose
from ops.reconcile import reconcile
from ops.reconcile.generations import Compared
from ops.settings import Settings, SettingsInvalid
from tests.support.world import World

DIGEST = "ab" * 32
ELSEWHERE = "0x" + "6e" * 32


def promoted(world: World, *, genesis_hash: str = ELSEWHERE) -> ChainGeneration:
    """Another generation, which two people put in the place of the world's own."""
    generation = ChainGeneration(**asdict(replace(world.chain.generation, genesis_hash=genesis_hash)))
    proposal = c.ProposePromotion(
        generation=generation,
        living=generation_id(world.chain.generation),
        compared_position=1,
        report_hash=DIGEST,
    )
    world.give("operator", proposal)
    world.give("compliance", c.ApprovePromotion(generation_id=generation.id, report_hash=DIGEST))
    return generation


def on(world: World, folder: Path, generation: ChainGeneration) -> Settings:
    """The settings of a house that names this generation."""
    file = folder / "another.json"
    replace(world.chain.generation, genesis_hash=generation.genesis_hash).save(file)
    return world.settings.model_copy(update={"generation_file": file})


def test_settings_of_an_ended_generation_are_told_which_one_lives_and_what_to_set(world: World) -> None:
    check_living(world.settings, "indexer")  # nothing was promoted yet
    living = promoted(world)
    with pytest.raises(GenerationEnded, match=f"generation {living.id} at position 2.*TANDEM_GENERATION_FILE"):
        check_living(world.settings, "indexer")


def test_a_node_of_another_chain_than_the_living_one_is_told_apart(world: World, tmp_path: Path) -> None:
    living = promoted(world)
    settings = on(world, tmp_path, living)
    with pytest.raises(GenerationEnded, match="POLYGON_EDGE_RPC_URL leads to chain"):
        check_living(settings, "api")
    check_living(settings.model_copy(update={"rpc_url": "http://127.0.0.1:1"}), "api")  # it may come yet


def test_a_process_that_runs_hears_of_the_promotion(world: World, tmp_path: Path) -> None:
    with closing(JournalReader(world.settings.dsn("writer"), codec=codec())) as reader:
        watch = Promotions(reader, world.settings)
        world.register(world.succeeding)
        assert watch.step().position == reader.head()
        living = promoted(world)
        with pytest.raises(GenerationEnded):
            watch.step()
        with pytest.raises(GenerationEnded):
            Promotions(reader, world.settings)
        Promotions(reader, on(world, tmp_path, living)).step()


def test_an_ended_generation_is_audited_as_far_as_its_end(world: World) -> None:
    world.open_both()
    world.project()
    promoted(world)
    world.give("compliance", c.SuspendCompany(company_id=world.succeeding.company_id, reason="behind the end"))
    world.project()
    found = reconcile(world.settings)
    assert (found.differences, found.pending) == ([], [])


# Proposing.


@dataclass(frozen=True)
class Again:
    """What a rebuild is to whoever proposes it."""

    folder: Path

    def check_movable(self) -> None:
        """Everything can move."""


def rebuilt(folder: Path, *refused: Refused) -> Rebuilt:
    compared = Compared(journal_position=7, block=3, living_block=4, checked={}, differences=[])
    return Rebuilt(
        ok=not refused,
        file=str(folder / "generation.json"),
        chain_id=7,
        entries=7,
        landed=1,
        seconds=1.0,
        per_s=1.0,
        refused=list(refused),
        compared=compared,
    )


def test_a_rebuild_with_anything_wrong_is_never_proposed(world: World, tmp_path: Path) -> None:
    again = Again(tmp_path)
    wrong = rebuilt(tmp_path, Refused(3, "close", "NotWriter", "NotWriter()"))
    with pytest.raises(PromotionRefused, match="1 things differ"):
        propose(world.settings, again, wrong, key="k")  # type: ignore[arg-type]
    assert list(tmp_path.glob("comparison-*")) == []


def test_the_report_is_written_before_anybody_is_asked(world: World, tmp_path: Path) -> None:
    settings = world.settings.model_copy(update={"api_port": 1})
    with pytest.raises(PromotionRefused, match="does not answer"):
        propose(settings, Again(tmp_path), rebuilt(tmp_path), key="k")  # type: ignore[arg-type]
    assert (tmp_path / "comparison-7.json").exists()


def test_only_a_report_can_be_approved(world: World, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    for name in ("other.json", "missing.json"):
        with pytest.raises(PromotionRefused, match="is not the report"):
            promote(world.settings, tmp_path / name, key="k")


def test_whoever_decides_has_a_key(world: World, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="--key-file"):
        key_of(world.settings.model_copy(update={"local": False}), None, role="operator")
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        key_of(world.settings, tmp_path / "none", role="operator")
    (tmp_path / "key").write_text("tdm_secret\n")
    assert key_of(world.settings, tmp_path / "key", role="operator") == "tdm_secret"
