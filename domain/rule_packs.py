"""Rule packs: what differs by jurisdiction, as versioned data. A published version never changes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.resources import files

import msgspec

from domain.errors import Refusal
from domain.values import Terms, check_amount


class RulePack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of the rules of one jurisdiction; `source` says where they come from."""

    name: str
    version: int
    source: str
    currencies: tuple[str, ...]
    goal_minimum: int
    goal_maximum: int
    duration_s_minimum: int
    duration_s_maximum: int
    investment_minimum: int
    success_threshold_bps: int
    fee_bps_maximum: int
    campaigns_per_year: int
    early_failure: bool  # an operator may close a campaign below its threshold before its deadline

    @property
    def id(self) -> str:
        """The name that events carry: `default@1`."""
        return f"{self.name}@{self.version}"

    def check(self, terms: Terms) -> None:
        """Refuse terms that break a rule of this pack; the refusal names the field and the bounds."""
        for name in ("funding_goal", "minimum", "cap", "share_price"):
            check_amount(getattr(terms, name), name=name)
        if terms.currency not in self.currencies:
            raise Refusal("unknown-value", f"currency must be one of {', '.join(self.currencies)}", field="currency")
        self._within("funding_goal", terms.funding_goal, self.goal_minimum, self.goal_maximum)
        self._within("duration_s", terms.duration_s, self.duration_s_minimum, self.duration_s_maximum)
        self._within("minimum", terms.minimum, self.investment_minimum, terms.cap)
        self._within("cap", terms.cap, terms.funding_goal, self.goal_maximum)
        self._within("success_threshold_bps", terms.success_threshold_bps, self.success_threshold_bps, 10_000)
        self._within("fee_bps", terms.fee_bps, 0, self.fee_bps_maximum)
        if terms.minimum % terms.share_price or terms.cap % terms.share_price:
            raise Refusal("not-whole-shares", "minimum and cap must be whole numbers of shares", field="share_price")

    def _within(self, name: str, given: int, lowest: int, highest: int) -> None:
        if not lowest <= given <= highest:
            raise Refusal(
                "terms-outside-rules", f"{name} must lie between {lowest} and {highest} ({self.id})", field=name
            )


class RulePacks:
    """The packs that this installation knows, by id."""

    def __init__(self, packs: Iterable[RulePack]) -> None:
        self._packs = {pack.id: pack for pack in packs}

    def find(self, pack_id: str) -> RulePack | None:
        """The pack, None if it is not in use here any more."""
        return self._packs.get(pack_id)

    def get(self, pack_id: str) -> RulePack:
        """The pack. Refuses one that is not in use here."""
        pack = self.find(pack_id)
        if pack is None:
            known = ", ".join(sorted(self._packs))
            raise Refusal(
                "unknown-value", f"rule pack {pack_id!r} is not in use here (known: {known})", field="rule_pack"
            )
        return pack


def load_packs(names: Iterable[str]) -> RulePacks:
    """The packs of these names from `domain/rules`. Raises FileNotFoundError for a name without a file."""
    folder = files("domain").joinpath("rules")
    return RulePacks(
        msgspec.convert(tomllib.loads(folder.joinpath(f"{name}.toml").read_text()), RulePack) for name in names
    )
