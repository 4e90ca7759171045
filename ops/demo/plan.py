"""Who plays: two companies with a campaign each, and the investors between them. All of it follows from a run id."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import msgspec
from eth_account import Account

from abis.hashing import checksummed
from domain.company import company_id

RUNS = UUID("5e2c1f0a-3d7b-5c64-9a18-7f0d2b9e4c33")
RULE_PACK = "local@1"
SHARE_PRICE = 1_000  # 10 birr in santim
MINIMUM = 10_000
GOAL_MINIMUM = 100_000
GOAL_MAXIMUM = 500_000_000  # as in the rule pack
INVESTORS_MAX = 50_000  # so many minimal commitments fit under one campaign's cap
SIZES = 5  # commitments of one to so many times the smallest
DURATION_S = 86_400
THRESHOLD_BPS = 7_500
FEE_BPS = 250
RAISED_PERCENT = 92  # of its goal, by the campaign that succeeds
DOCUMENTS = ("business_license", "articles")
FAILING_PART = 4  # every so many-th investor backs the campaign that fails


class Investor(msgspec.Struct, frozen=True, kw_only=True):
    """A person with a wallet and its key: a wallet is bound by its signature."""

    id: UUID
    name: str
    wallet: str
    key: str


class Commitment(msgspec.Struct, frozen=True, kw_only=True):
    """What one investor will offer to one campaign, and pay."""

    investment_id: UUID
    investor: Investor
    amount: int


class Offering(msgspec.Struct, frozen=True, kw_only=True):
    """A company with its one campaign. `succeeds`: whether its commitments reach the threshold."""

    name: str
    company: dict[str, Any]
    company_id: UUID
    documents: tuple[dict[str, str], ...]
    campaign_id: UUID
    title: str
    terms: dict[str, Any]
    commitments: tuple[Commitment, ...]
    succeeds: bool


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The whole cast of one run."""

    run_id: str
    investors: tuple[Investor, ...]
    offerings: tuple[Offering, Offering]

    @property
    def commitments(self) -> int:
        return sum(len(offering.commitments) for offering in self.offerings)

    @property
    def streams(self) -> set[UUID]:
        """The streams of the journal that this run makes."""
        made = {investor.id for investor in self.investors}
        for offering in self.offerings:
            made |= {offering.company_id, offering.campaign_id}
            made |= {commitment.investment_id for commitment in offering.commitments}
        return made


def plan(*, run_id: str, investors: int) -> Plan:
    """The cast of a run. A single investor backs both campaigns; else each backs one."""
    assert 0 < investors <= INVESTORS_MAX
    people = tuple(_investor(run_id, number) for number in range(investors))
    failing = max(1, investors // FAILING_PART)
    succeeding = max(1, investors - failing)
    return Plan(
        run_id=run_id,
        investors=people,
        offerings=(
            _offering(run_id, "Abay Solar", "energy", people[:succeeding], succeeds=True),
            _offering(run_id, "Lalibela Looms", "manufacturing", people[-failing:], succeeds=False),
        ),
    )


def _investor(run_id: str, number: int) -> Investor:
    name = f"investor-{number + 1:04d}"
    key = "0x" + sha256(f"{run_id} key of {name}".encode()).hexdigest()
    return Investor(id=_id(run_id, name), name=name, wallet=Account.from_key(key).address, key=key)


def _offering(run_id: str, name: str, sector: str, people: tuple[Investor, ...], *, succeeds: bool) -> Offering:
    commitments = _commitments(run_id, name, people)
    total = sum(commitment.amount for commitment in commitments)
    # The goal that makes this total nearly all of it, or half of it: above or below the threshold.
    goal = _shares_up(total * 100 // RAISED_PERCENT) if succeeds else max(2 * total, GOAL_MINIMUM)
    tax_number = f"ET {run_id} {name}"
    return Offering(
        name=name,
        company={
            "legal_name": f"{name} Share Company",
            "tax_number": tax_number,
            "sector": sector,
            "registration_year": 2021,
            "wallet": _wallet(run_id, name),
        },
        company_id=company_id(tax_number),
        documents=tuple(_document(run_id, name, kind) for kind in DOCUMENTS),
        campaign_id=_id(run_id, f"campaign of {name}"),
        title=f"{name}: shares for everybody",
        terms={
            "currency": "ETB",
            "funding_goal": goal,
            "minimum": MINIMUM,
            "cap": goal,
            "share_price": SHARE_PRICE,
            "duration_s": DURATION_S,
            "success_threshold_bps": THRESHOLD_BPS,
            "fee_bps": FEE_BPS,
            "rule_pack": RULE_PACK,
        },
        commitments=commitments,
        succeeds=succeeds,
    )


def _commitments(run_id: str, name: str, people: tuple[Investor, ...]) -> tuple[Commitment, ...]:
    """Amounts of different sizes that together lie within what a campaign may ask for."""
    smallest = max(MINIMUM, _shares_up(-(-GOAL_MINIMUM // len(people))))
    sizes = max(1, min(SIZES, GOAL_MAXIMUM // 2 // (smallest * len(people))))
    return tuple(
        Commitment(
            investment_id=_id(run_id, f"{person.name} in {name}"),
            investor=person,
            amount=smallest * (1 + number % sizes),
        )
        for number, person in enumerate(people)
    )


def _document(run_id: str, name: str, kind: str) -> dict[str, str]:
    of = f"{kind} of {name}"
    return {
        "document_id": str(_id(run_id, of)),
        "kind": kind,
        "sha256": sha256(f"{run_id} {of}".encode()).hexdigest(),
    }


def _shares_up(amount: int) -> int:
    return -(-amount // SHARE_PRICE) * SHARE_PRICE


def _id(run_id: str, name: str) -> UUID:
    return uuid5(RUNS, f"{run_id} {name}")


def _wallet(run_id: str, name: str) -> str:
    """An address that nobody has the key of: what is released to a company only needs a place."""
    return checksummed(sha256(f"{run_id} wallet of {name}".encode()).hexdigest()[:40])
