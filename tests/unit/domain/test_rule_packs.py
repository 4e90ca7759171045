"""Rule packs: the published ones never change, every rule of the platform replaced stands in the default one."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files

import pytest

from domain.errors import Refusal
from domain.rule_packs import load_packs

# A published version never changes: entries name it for ever. New rules are a new version.
PUBLISHED = {
    "default": "1f29aa7f83891896f6ed82d35ff46d8691774f21cdd8d8e55d049ff5c3f839a9",
    "local": "3e930803daf34a2d4db35d0fafe9f263b998791f06910c488ae49392204af249",
}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_published_pack_is_what_it_was_when_it_was_published(name: str) -> None:
    content = files("domain").joinpath(f"rules/{name}.toml").read_bytes()
    assert sha256(content).hexdigest() == PUBLISHED[name], (
        f"domain/rules/{name}.toml was changed, but entries were judged by it: give new rules a new version"
    )


def test_every_pack_is_published() -> None:
    assert {path.name.removesuffix(".toml") for path in files("domain").joinpath("rules").iterdir()} == set(PUBLISHED)


def test_the_default_pack_carries_the_rules_of_the_platform_replaced() -> None:
    pack = load_packs(["default"]).get("default@1")
    birr = 100
    assert pack.campaigns_per_year == 1  # seed rule 1
    assert (pack.goal_minimum, pack.goal_maximum) == (1_000 * birr, 5_000_000 * birr)  # seed rule 3
    assert (pack.duration_s_minimum, pack.duration_s_maximum) == (30 * 86_400, 180 * 86_400)
    assert pack.investment_minimum == 100 * birr
    assert (pack.success_threshold_bps, pack.fee_bps_maximum) == (7_500, 1_000)  # seed rule 4
    assert not pack.early_failure


def test_a_pack_that_is_not_in_use_is_refused_with_the_known_ones() -> None:
    packs = load_packs(["default"])
    assert packs.find("local@1") is None
    with pytest.raises(Refusal, match="known: default@1"):
        packs.get("local@1")


def test_a_pack_without_a_file_is_found_at_start() -> None:
    with pytest.raises(FileNotFoundError):
        load_packs(["unheard-of"])
