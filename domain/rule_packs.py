"""Rule packs: what differs by jurisdiction, as versioned data. A published version never changes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.resources import files

import msgspec

from domain.errors import Refusal
from domain.values import BPS, WEI, Terms, check_amount, check_text

MILESTONES_MAX = 10
OVERSUBSCRIPTION = frozenset({"reject", "first_come", "pro_rata"})


class YearlyLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one investor may commit in twelve months over all campaigns, from declared income and net worth.

    Below `breakpoint` in either: the larger of `floor` and `low_bps` of the greater; else `high_bps` of the greater, at
    most `ceiling`. Investors of an `exempt` classification have no limit.
    """

    breakpoint: int
    floor: int
    low_bps: int
    high_bps: int
    ceiling: int
    exempt: tuple[str, ...]

    def of(self, *, income: int, net_worth: int) -> int:
        greater = max(income, net_worth)
        if min(income, net_worth) < self.breakpoint:
            return max(self.floor, greater * self.low_bps // BPS)
        return min(self.ceiling, greater * self.high_bps // BPS)


class RulePack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of the rules of one jurisdiction; `source` says where they come from, `sources` rule by rule."""

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
    sources: dict[str, str] = {}
    oversubscription: tuple[str, ...] = ("reject", "first_come", "pro_rata")
    raised_in_12_months_maximum: int = 0  # of one company, 0: no bound
    reflection_s: int = 0  # an investor may withdraw without reason for so long after the commitment
    reflection_exempt: tuple[str, ...] = ()  # classifications without a reflection period
    cancel_before_deadline_s: int | None = None  # a commitment may be cancelled until so long before the deadline
    open_s_minimum: int = 0  # a campaign is open to investors at least so long
    early_close_notice_days: int = 0  # business days
    reconfirmation_days: int = 5  # business days that investors have after a material change
    acknowledgements: tuple[str, ...] = ("risk",)  # kinds that a commitment must carry
    entry_test: bool = False  # of investors whose classification is not exempt
    entry_test_exempt: tuple[str, ...] = ()
    warning_minimum: int = 0  # above this, or above warning_net_worth_bps of the net worth, a warning is acknowledged
    warning_net_worth_bps: int = 0
    yearly_limit: YearlyLimit | None = None
    refund_days: int = 20  # business days within which refunds are owed

    @property
    def id(self) -> str:
        """The name that events carry: `default@1`."""
        return f"{self.name}@{self.version}"

    def check(self, terms: Terms) -> None:
        """Refuse terms that break a rule of this pack; the refusal names the field and the bounds."""
        if terms.currency not in self.currencies:
            raise Refusal("unknown-value", f"currency must be one of {', '.join(self.currencies)}", field="currency")
        for name in ("funding_goal", "minimum", "cap", "share_price"):
            check_amount(getattr(terms, name), name=name, maximum=terms.amount_max)
        self._within("funding_goal", terms.funding_goal, self.goal_minimum, self.goal_maximum)
        self._within("duration_s", terms.duration_s, self.duration_s_minimum, self.duration_s_maximum)
        self._within("minimum", terms.minimum, self.investment_minimum, terms.cap)
        self._within("cap", terms.cap, terms.funding_goal, self.goal_maximum)
        self._within("success_threshold_bps", terms.success_threshold_bps, self.success_threshold_bps, BPS)
        self._within("fee_bps", terms.fee_bps, 0, self.fee_bps_maximum)
        if terms.minimum % terms.share_price or terms.cap % terms.share_price:
            raise Refusal("not-whole-shares", "minimum and cap must be whole numbers of shares", field="share_price")
        self._check_allotment(terms)
        self._check_milestones(terms)

    def _check_allotment(self, terms: Terms) -> None:
        if terms.oversubscription not in self.oversubscription:
            known = ", ".join(self.oversubscription)
            raise Refusal("unknown-value", f"oversubscription must be one of {known}", field="oversubscription")
        if terms.oversubscription == "pro_rata" and terms.currency == WEI:
            text = "coin in the escrow is whole deposits: pro_rata gives parts of them (use reject or first_come)"
            raise Refusal("terms-outside-rules", text, field="oversubscription")
        if terms.investor_maximum:
            self._within("investor_maximum", terms.investor_maximum, terms.minimum, terms.cap)

    @staticmethod
    def _check_milestones(terms: Terms) -> None:
        if not terms.milestones:
            return
        names = [milestone.name for milestone in terms.milestones]
        for name in names:
            check_text(name, name="milestones")
        sound = (
            len(names) <= MILESTONES_MAX
            and len(set(names)) == len(names)
            and all(milestone.bps > 0 for milestone in terms.milestones)
            and sum(milestone.bps for milestone in terms.milestones) == BPS
        )
        if not sound:
            text = f"milestones are at most {MILESTONES_MAX}, of different names, and together {BPS} bps"
            raise Refusal("terms-outside-rules", text, field="milestones")

    def _within(self, name: str, given: int, lowest: int, highest: int) -> None:
        if not lowest <= given <= highest:
            raise Refusal(
                "terms-outside-rules", f"{name} must lie between {lowest} and {highest} ({self.id})", field=name
            )


class RulePacks:
    """The packs that this installation knows, by id. New campaigns are drafted under the newest version of a pack."""

    def __init__(self, packs: Iterable[RulePack]) -> None:
        self._packs = {pack.id: pack for pack in packs}
        self._newest: dict[str, RulePack] = {}
        for pack in sorted(self._packs.values(), key=lambda pack: pack.version):
            self._newest[pack.name] = pack

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

    def every(self) -> tuple[RulePack, ...]:
        """All versions that are in use here, by name and version."""
        return tuple(sorted(self._packs.values(), key=lambda pack: (pack.name, pack.version)))

    def is_newest(self, pack: RulePack) -> bool:
        """Whether new terms may name this version."""
        return self._newest[pack.name].id == pack.id

    def newest(self, pack_id: str) -> RulePack:
        """The pack, for new terms. Refuses one that is not in use here, and one that has a newer version."""
        pack = self.get(pack_id)
        newest = self._newest[pack.name]
        if newest.id != pack.id:
            raise Refusal("unknown-value", f"{pack.id} has a newer version: use {newest.id}", field="rule_pack")
        return pack


def load_packs(names: Iterable[str]) -> RulePacks:
    """All versions of the packs of these names, from `domain/rules/NAME@VERSION.toml`.

    Raises FileNotFoundError for a name without a file.
    """
    folder = files("domain").joinpath("rules")
    found = []
    for name in names:
        versions = sorted(
            f.name for f in folder.iterdir() if f.name.startswith(f"{name}@") and f.name.endswith(".toml")
        )
        if not versions:
            raise FileNotFoundError(f"there is no rule pack {name!r} in domain/rules")
        found += [msgspec.convert(tomllib.loads(folder.joinpath(v).read_text()), RulePack) for v in versions]
    return RulePacks(found)
