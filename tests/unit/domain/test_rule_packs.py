"""Rule packs: the published ones never change, each bound of each holds, each rule of a law names it."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import Any

import msgspec
import pytest

from domain.errors import Refusal
from domain.rule_packs import MILESTONES_MAX, OVERSUBSCRIPTION, RulePack, RulePacks, YearlyLimit, load_packs
from domain.values import BPS, Milestone, Terms
from tests.unit.domain.acts import ALL_PACKS, DEFAULT, EU, LOCAL, LOCAL_COIN, US, WEI, offer

# A published version never changes: entries name it for ever. New rules are a new version.
PUBLISHED = {
    "default@1": "1f29aa7f83891896f6ed82d35ff46d8691774f21cdd8d8e55d049ff5c3f839a9",
    "default-coin@1": "a6582013fef0f93dd721480f48b9f6204f3869149bb5072b7f5b593d6c2b54e3",
    "eu-ecspr@1": "79e355230aaa06170718ea2914fd71e2febe1ad7d236560356106d16a2ab77c9",
    "local@1": "489adf20270f483e97b61887224ece9f28f527e5920e9e0442d176a3d5d28a9a",
    "local-coin@1": "f02379ba936526082e3e1acb1f835e87b315f8da3eb688fe7751c75da2183c37",
    "us-reg-cf@1": "a8cb199330ca1d0edba76258dfd49959cefa65914884ac69aee4fee769478126",
}
SOUND = {terms.rule_pack: terms for terms in (DEFAULT, WEI, EU, LOCAL, LOCAL_COIN, US)}
DAY_S = 86_400


@pytest.mark.parametrize("pack_id", sorted(PUBLISHED))
def test_a_published_pack_is_what_it_was_when_it_was_published(pack_id: str) -> None:
    content = files("domain").joinpath(f"rules/{pack_id}.toml").read_bytes()
    assert sha256(content).hexdigest() == PUBLISHED[pack_id], (
        f"domain/rules/{pack_id}.toml was changed, but entries were judged by it: give new rules a new version"
    )


def test_every_pack_is_published() -> None:
    assert {path.name.removesuffix(".toml") for path in files("domain").joinpath("rules").iterdir()} == set(PUBLISHED)


@pytest.mark.parametrize("pack_id", sorted(PUBLISHED))
def test_a_packs_file_is_named_for_it_and_says_where_its_rules_come_from(pack_id: str) -> None:
    pack = ALL_PACKS.get(pack_id)
    assert pack.id == pack_id
    assert pack.source
    assert set(pack.sources) <= set(RulePack.__struct_fields__)
    assert set(pack.oversubscription) <= OVERSUBSCRIPTION


@pytest.mark.parametrize("pack_id", ["eu-ecspr@1", "us-reg-cf@1"])
def test_every_rule_of_a_law_names_its_source(pack_id: str) -> None:
    """What differs from the defaults of a pack is a rule of that law, or says that it is the house's own."""
    pack = ALL_PACKS.get(pack_id)
    own = {
        field.name
        for field in msgspec.structs.fields(RulePack)
        if not field.required and field.name != "sources" and getattr(pack, field.name) != field.default
    }
    told_with = {
        "reflection_exempt": "reflection_s",
        "entry_test_exempt": "entry_test",
        "warning_net_worth_bps": "warning_minimum",
        "refund_days": "success_threshold_bps",  # 17 CFR 227.304 has both
    }
    assert {name for name in own if name not in pack.sources and told_with.get(name) not in pack.sources} == set()


# The rules, pack by pack.


def test_the_default_pack_carries_the_rules_of_the_platform_replaced() -> None:
    pack = ALL_PACKS.get("default@1")
    birr = 100
    assert pack.campaigns_per_year == 1  # seed rule 1
    assert (pack.goal_minimum, pack.goal_maximum) == (1_000 * birr, 5_000_000 * birr)  # seed rule 3
    assert (pack.duration_s_minimum, pack.duration_s_maximum) == (30 * DAY_S, 180 * DAY_S)
    assert pack.investment_minimum == 100 * birr
    assert (pack.success_threshold_bps, pack.fee_bps_maximum) == (7_500, 1_000)  # seed rule 4
    assert not pack.early_failure
    assert pack.yearly_limit is None
    assert pack.cancel_before_deadline_s is None


def test_the_coin_pack_is_the_default_one_with_a_coin_for_a_birr() -> None:
    default, coin = ALL_PACKS.get("default@1"), ALL_PACKS.get("default-coin@1")
    money = ("goal_minimum", "goal_maximum", "investment_minimum")
    for name in money:
        assert getattr(coin, name) == getattr(default, name) // 100 * 10**18
    apart = {*money, "name", "source", "currencies"}
    for name in set(RulePack.__struct_fields__) - apart:
        assert getattr(coin, name) == getattr(default, name), name


def test_regulation_eu_2020_1503_stands_in_its_pack() -> None:
    pack, euro = ALL_PACKS.get("eu-ecspr@1"), 100
    assert pack.currencies == ("EUR",)
    assert pack.goal_maximum == pack.raised_in_12_months_maximum == 5_000_000 * euro  # art. 1(2)(c)
    assert pack.entry_test  # art. 21(1)
    assert pack.entry_test_exempt == pack.reflection_exempt == ("sophisticated", "professional")
    assert (pack.warning_minimum, pack.warning_net_worth_bps) == (1_000 * euro, 500)  # art. 21(7)
    assert pack.reflection_s == 4 * DAY_S  # art. 22
    assert pack.acknowledgements == ("risk", "key-document")  # art. 21(4), 23


def test_17_cfr_part_227_stands_in_its_pack() -> None:
    pack, dollar = ALL_PACKS.get("us-reg-cf@1"), 100
    assert pack.currencies == ("USD",)
    assert pack.goal_maximum == pack.raised_in_12_months_maximum == 5_000_000 * dollar  # 227.100(a)(1)
    assert pack.yearly_limit == YearlyLimit(  # 227.100(a)(2), adjustment of 2022
        breakpoint=124_000 * dollar,
        floor=2_500 * dollar,
        low_bps=500,
        high_bps=1_000,
        ceiling=124_000 * dollar,
        exempt=("accredited",),
    )
    assert pack.success_threshold_bps == BPS  # 227.304: the target is reached or all money goes back
    assert pack.open_s_minimum == pack.duration_s_minimum == 21 * DAY_S  # 227.303(a)
    assert pack.cancel_before_deadline_s == 48 * 3_600  # 227.304(a)
    assert (pack.early_close_notice_days, pack.reconfirmation_days) == (5, 5)  # 227.304(b), (c)
    assert pack.acknowledgements == ("risk", "restrictions")  # 227.302(b), 303(b)(2)


# Bounds.


def _refused(terms: Terms) -> Refusal | None:
    try:
        ALL_PACKS.get(terms.rule_pack).check(terms)
    except Refusal as refusal:
        return refusal
    return None


def _with(terms: Terms, **changes: Any) -> Terms:
    return msgspec.structs.replace(terms, **changes)


def _bounds() -> list[Any]:
    """(pack, field, lowest, highest) of each pack, on terms that are sound but for this field."""
    cases = []
    for pack_id, terms in sorted(SOUND.items()):
        pack = ALL_PACKS.get(pack_id)
        wide = _with(terms, cap=pack.goal_maximum)
        low = _with(terms, funding_goal=pack.goal_minimum)
        cases += [
            (wide, "funding_goal", pack.goal_minimum, pack.goal_maximum),
            (terms, "duration_s", pack.duration_s_minimum, pack.duration_s_maximum),
            (terms, "success_threshold_bps", pack.success_threshold_bps, BPS),
            (terms, "fee_bps", 0, pack.fee_bps_maximum),
            (terms, "minimum", pack.investment_minimum, terms.cap),
            (low, "cap", pack.goal_minimum, pack.goal_maximum),
        ]
    return [pytest.param(*case, id=f"{case[0].rule_pack}-{case[1]}") for case in cases]


@pytest.mark.parametrize(("terms", "field", "lowest", "highest"), _bounds())
def test_each_bound_of_each_pack_holds_to_the_last_unit(terms: Terms, field: str, lowest: int, highest: int) -> None:
    one_share = _with(terms, share_price=1)
    for allowed in (lowest, highest):
        assert _refused(_with(one_share, **{field: allowed})) is None
    for outside in (lowest - 1, highest + 1):
        refusal = _refused(_with(one_share, **{field: outside}))
        assert refusal is not None
        expected = "amount-not-positive" if outside <= 0 and field not in {"fee_bps", "duration_s"} else None
        assert refusal.code == (expected or "terms-outside-rules")
        assert refusal.fields["field"] == field


@pytest.mark.parametrize("terms", SOUND.values(), ids=SOUND)
def test_a_pack_settles_in_its_own_currency(terms: Terms) -> None:
    assert _refused(terms) is None
    for currency in {"ETB", "EUR", "USD", "wei", "BTC", ""} - set(ALL_PACKS.get(terms.rule_pack).currencies):
        refusal = _refused(_with(terms, currency=currency))
        assert refusal is not None
        assert (refusal.code, refusal.fields) == ("unknown-value", {"field": "currency"})


@pytest.mark.parametrize("name", ["funding_goal", "minimum", "cap", "share_price"])
@pytest.mark.parametrize(("amount", "code"), [(0, "amount-not-positive"), (2**53, "amount-too-large")])
def test_amounts_of_terms_are_amounts(name: str, amount: int, code: str) -> None:
    refusal = _refused(offer(**{name: amount}))
    assert refusal is not None
    assert (refusal.code, refusal.fields["field"]) == (code, name)


@pytest.mark.parametrize("changes", [{"minimum": 10_500}, {"cap": 120_500}, {"share_price": 7}])
def test_minimum_and_cap_are_whole_shares(changes: dict[str, int]) -> None:
    refusal = _refused(offer(**changes))
    assert refusal is not None
    assert refusal.code == "not-whole-shares"


def test_what_one_investor_may_commit_lies_between_minimum_and_cap() -> None:
    for allowed in (0, DEFAULT.minimum, DEFAULT.cap):
        assert _refused(offer(investor_maximum=allowed)) is None
    for outside in (-1, DEFAULT.minimum - 1, DEFAULT.cap + 1):
        refusal = _refused(offer(investor_maximum=outside))
        assert refusal is not None
        assert (refusal.code, refusal.fields) == ("terms-outside-rules", {"field": "investor_maximum"})


def test_a_pack_says_what_may_happen_beyond_the_cap() -> None:
    for known in OVERSUBSCRIPTION:
        assert _refused(offer(oversubscription=known)) is None
    refusal = _refused(offer(oversubscription="lottery"))
    assert refusal is not None
    assert (refusal.code, refusal.fields) == ("unknown-value", {"field": "oversubscription"})


def _milestones(*bps: int, names: str = "abcdefghijklmnop") -> tuple[Milestone, ...]:
    return tuple(Milestone(name=name, bps=one) for name, one in zip(names, bps, strict=False))


@pytest.mark.parametrize(
    "milestones",
    [(), _milestones(BPS), _milestones(1, BPS - 1), _milestones(*[BPS // MILESTONES_MAX] * MILESTONES_MAX)],
)
def test_milestones_are_parts_of_the_whole(milestones: tuple[Milestone, ...]) -> None:
    assert _refused(offer(milestones=milestones)) is None


@pytest.mark.parametrize(
    "milestones",
    [
        _milestones(BPS - 1),
        _milestones(5_000, 5_001),
        _milestones(0, BPS),
        _milestones(-1, BPS + 1),
        _milestones(5_000, 5_000, names="aa"),
        _milestones(*[909] * 10, 910),
    ],
    ids=["less", "more", "nothing", "negative", "same name", "too many"],
)
def test_milestones_that_are_not_the_whole_are_refused(milestones: tuple[Milestone, ...]) -> None:
    refusal = _refused(offer(milestones=milestones))
    assert refusal is not None
    assert (refusal.code, refusal.fields) == ("terms-outside-rules", {"field": "milestones"})


@pytest.mark.parametrize("name", ["", "a\x00", "\N{RIGHT-TO-LEFT OVERRIDE}a"])
def test_a_milestone_has_a_name_that_can_be_read(name: str) -> None:
    refusal = _refused(offer(milestones=(Milestone(name=name, bps=BPS),)))
    assert refusal is not None
    assert (refusal.code, refusal.fields) == ("text-not-acceptable", {"field": "milestones"})


# Which packs there are.


def test_a_pack_that_is_not_in_use_is_refused_with_the_known_ones() -> None:
    packs = load_packs(["default"])
    assert packs.find("local@1") is None
    with pytest.raises(Refusal, match="known: default@1"):
        packs.get("local@1")


def test_a_pack_without_a_file_is_found_at_start() -> None:
    with pytest.raises(FileNotFoundError):
        load_packs(["unheard-of"])
    with pytest.raises(FileNotFoundError):
        load_packs(["defaul"])


def test_a_name_loads_its_own_pack_and_none_that_begins_alike() -> None:
    packs = load_packs(["default"])
    assert packs.get("default@1").currencies == ("ETB",)
    assert packs.find("default-coin@1") is None


def test_new_terms_get_the_newest_version_whatever_the_order_of_loading() -> None:
    versions = [msgspec.structs.replace(ALL_PACKS.get("default@1"), version=version) for version in (2, 10, 9)]
    packs = RulePacks(versions)
    assert packs.newest("default@10").version == 10
    for older in ("default@2", "default@9"):
        assert packs.get(older).id == older
        with pytest.raises(Refusal, match="has a newer version: use default@10"):
            packs.newest(older)
    assert [pack.version for pack in packs.every()] == [2, 9, 10]
    assert [packs.is_newest(pack) for pack in packs.every()] == [False, False, True]


def test_a_pack_with_a_rule_that_nobody_knows_is_not_loaded() -> None:
    fields = msgspec.to_builtins(ALL_PACKS.get("default@1"))
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({**fields, "moon_phase": "full"}, RulePack)
