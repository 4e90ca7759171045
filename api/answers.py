"""What questions are answered with. These shapes are the public contract; the book's rows may change behind them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from domain.journal import Entry as JournalEntry
from projections import rows

# The names under which events keep money.
AMOUNT_NAMES = frozenset({"amount", "raised", "fee", "funding_goal", "minimum", "cap", "share_price"})

_AMOUNT = msgspec.Meta(pattern="^(0|[1-9][0-9]*)$", description="Minor units of the currency, as a decimal string.")
Amount = Annotated[str, _AMOUNT]

Shown = TypeVar("Shown", bound=msgspec.Struct)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Members that are not known (yet) are null, never left out."""


class Document(Answer, frozen=True, kw_only=True):
    """A company's document by its hash."""

    id: UUID
    kind: str
    sha256: str
    approved: bool


class Company(Answer, frozen=True, kw_only=True):
    """`kyb` is draft, submitted, approved or rejected; `confirmed_position` says that the chain has it."""

    id: UUID
    version: int
    position: int
    registered_at: datetime
    owner: str
    legal_name: str
    tax_number: str
    sector: str
    registration_year: int
    wallet: str
    documents: list[Document]
    kyb: str
    submitter: str | None
    documents_hash: str | None
    confirmed_position: int | None
    confirmed_tx_hash: str | None
    locked_by: UUID | None


class Terms(Answer, frozen=True, kw_only=True):
    """What a campaign offers; the duration in seconds, shares of a whole in basis points."""

    currency: str
    funding_goal: Amount
    minimum: Amount
    cap: Amount
    share_price: Amount
    duration_s: int
    success_threshold_bps: int
    fee_bps: int
    rule_pack: str


class Release(Answer, frozen=True, kw_only=True):
    """The release of a successful campaign's money, from its request to its record on the chain."""

    release_id: UUID
    release_amount: Amount
    release_fee: Amount
    release_requester: str
    release_approved_position: int | None
    released_position: int | None
    released_tx_hash: str | None


class Campaign(Answer, frozen=True, kw_only=True):
    """`status` is draft, submitted, approved, rejected, live, closed, settled or refunded."""

    id: UUID
    version: int
    position: int
    drafted_at: datetime
    company_id: UUID
    owner: str
    title: str
    terms: Terms
    threshold: Amount
    status: str
    terms_hash: str | None
    submitter: str | None
    address: str | None
    deadline: datetime | None
    deployed_position: int | None
    deployed_tx_hash: str | None
    committed: Amount
    raised: Amount
    commitments: int
    funded_investments: int
    outcome: str | None
    closing_reason: str | None
    closed_position: int | None
    closing_confirmed_position: int | None
    release: Release | None
    refunded_position: int | None


class Investor(Answer, frozen=True, kw_only=True):
    """`level` is null until the KYC is approved."""

    id: UUID
    version: int
    position: int
    registered_at: datetime
    owner: str
    wallet: str
    reference: str
    level: str | None


class Investment(Answer, frozen=True, kw_only=True):
    """`status` is committed, funded, allotted, certified, refunding, refunded or lapsed.

    `unapplied` is money that came after the closing and has not gone back yet.
    """

    id: UUID
    version: int
    position: int
    committed_at: datetime
    campaign_id: UUID
    investor_id: UUID
    wallet: str
    amount: Amount
    shares: int
    acknowledgement: str
    status: str
    provider: str | None
    payment_reference: str | None
    funded_position: int | None
    recorded_position: int | None
    recorded_tx_hash: str | None
    allotted_position: int | None
    token_id: str | None
    certified_position: int | None
    certified_tx_hash: str | None
    refund_position: int | None
    refunded_position: int | None
    refunded_tx_hash: str | None
    unapplied: Amount


class Shareholding(Answer, frozen=True, kw_only=True):
    """One line of a cap table: shares that a confirmed certificate stands for."""

    position: int
    investment_id: UUID
    investor_id: UUID
    wallet: str
    shares: int
    token_id: str
    certified_position: int


class Escrow(Answer, frozen=True, kw_only=True):
    """A campaign's money: received = held + released + fee + refunded. `unapplied` came too late and goes back."""

    campaign_id: UUID
    committed: Amount
    received: Amount
    held: Amount
    released: Amount
    fee: Amount
    refunded: Amount
    unapplied: Amount
    returned: Amount


class Entry(Answer, frozen=True, kw_only=True):
    """One entry of the journal. `by` is role and principal, `cause` the position of the entry that led to it."""

    position: int
    stream: UUID
    version: int
    topic: str
    at: datetime
    by: str
    command_id: UUID
    correlation_id: UUID
    cause: int | None
    pack: str
    data: dict[str, Any]
    state_sha256: str
    leaf: str


class Me(Answer, frozen=True, kw_only=True):
    """Who the key names. `commands` are the names of those that it may give."""

    principal: str
    key_id: UUID
    roles: list[str]
    expires_at: datetime | None
    commands: list[str]


def shown(kind: type[Shown], row: Any, **given: Any) -> Shown:
    """A row as an answer: the members of the same names, amounts as decimal strings, nested rows likewise.

    `given` are the members that the row has not, or not in this form.
    """
    taken = {name: make(getattr(row, name)) for name, make in _members(kind) if name not in given}
    return kind(**taken, **given)


def company(row: rows.Company) -> Company:
    return shown(Company, row)


def campaign(row: rows.Campaign) -> Campaign:
    release = shown(Release, row) if row.release_id is not None else None
    return shown(Campaign, row, terms=shown(Terms, row), release=release)


def investor(row: rows.Investor) -> Investor:
    return shown(Investor, row)


def investment(row: rows.Investment) -> Investment:
    return shown(Investment, row)


def shareholding(row: rows.Shareholding) -> Shareholding:
    return shown(Shareholding, row)


def escrow(campaign: rows.Campaign, row: rows.Escrow | None) -> Escrow:
    """The money of a campaign; all zero but the commitments while none has come."""
    found = row or rows.Escrow(campaign_id=campaign.id, position=campaign.position)
    return shown(Escrow, found, committed=str(campaign.committed))


def entry(found: JournalEntry) -> Entry:
    meta = found.meta
    return Entry(
        position=found.position,
        stream=found.stream,
        version=found.version,
        topic=found.topic,
        at=meta.at,
        by=meta.by,
        command_id=meta.command_id,
        correlation_id=meta.correlation_id,
        cause=meta.cause,
        pack=meta.pack,
        data=_with_exact_amounts(msgspec.to_builtins(found.event)),
        state_sha256=sha256(found.state).hexdigest(),
        leaf=found.leaf.hex(),
    )


def _with_exact_amounts(data: dict[str, Any]) -> dict[str, Any]:
    """An event's data with its amounts as decimal strings, as everywhere else in answers."""
    return {
        name: _with_exact_amounts(value)
        if isinstance(value, dict)
        else str(value)
        if name in AMOUNT_NAMES and isinstance(value, int)
        else value
        for name, value in data.items()
    }


@cache
def _members(kind: type[msgspec.Struct]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((name, _maker(hints[name])) for name in kind.__struct_fields__)


def _maker(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) in {Union, UnionType}:
        (inner,) = (option for option in get_args(hint) if option is not type(None))
        return partial(_if_there, _maker(inner))
    if get_origin(hint) is list:
        return partial(_each, _maker(get_args(hint)[0]))
    if get_origin(hint) is Annotated and _AMOUNT in get_args(hint):
        return str
    if isinstance(hint, type) and issubclass(hint, Answer):
        return partial(shown, hint)
    return _as_it_is


def _if_there(make: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else make(value)


def _each(make: Callable[[Any], Any], values: Any) -> list[Any]:
    return [make(value) for value in values]


def _as_it_is(value: Any) -> Any:
    return value
