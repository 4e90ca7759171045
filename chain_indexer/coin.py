"""What others do with coin at the escrow, as commands: a deposit, a reclaim, a withdrawal, an emergency. Pure.

No entry obliges these logs: anybody may call the escrow with coin of their own. Each is a fact that the journal records
under the log's own place. A reclaim is told of its deposit, a withdrawal of the releases that it takes, by the escrow's
earlier logs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from abis import Log, from_bytes32
from abis import logs as l
from chain_indexer.logs import ChainPosition
from domain import commands as c
from domain.payment import CHAIN, Deposit, payment_id
from domain.values import ChainPlace

OfCoin = l.Deposited | l.DepositReclaimed | l.CreditWithdrawn | l.EmergencyAnnounced | l.EmergencyCancelled
Placed = tuple[ChainPosition, Log]


class Coin(msgspec.Struct, frozen=True):
    """What the escrow has said: where each depositor's coin for an investment came, and whom each release credited."""

    deposits: Mapping[tuple[bytes, str], ChainPosition]
    releases: Mapping[str, Sequence[tuple[ChainPosition, c.ReleaseName]]]


def heard(logs: Iterable[Placed]) -> Coin:
    """What logs of the escrow amount to. One deposit an investment and depositor: the escrow takes no second one."""
    deposits: dict[tuple[bytes, str], ChainPosition] = {}
    releases: dict[str, list[tuple[ChainPosition, c.ReleaseName]]] = {}
    for at, log in logs:
        match log:
            case l.Deposited(investment_id=investment, depositor=depositor):
                deposits[investment, depositor] = at
            case l.ReleaseRecorded(issuer=payee, campaign_id=campaign, release_id=release):
                names = from_bytes32(campaign), from_bytes32(release)
                if names[0] is not None and names[1] is not None:
                    releases.setdefault(payee, []).append((at, c.ReleaseName(names[0], names[1])))
            case _:
                pass
    return Coin(deposits, releases)


def place_of(at: ChainPosition, *, chain_id: int) -> ChainPlace:
    return ChainPlace(
        chain_id=chain_id,
        block_number=at.block_number,
        block_hash=at.block_hash,
        tx_hash=at.tx_hash,
        log_index=at.log_index,
    )


def command_of(log: OfCoin, at: ChainPosition, *, chain_id: int, coin: Coin) -> c.Command | None:
    """The command that a log becomes. None for a withdrawal of what no release of ours credited (fees, above all), for
    a reclaim of a deposit that the escrow never took, and for an emergency of a campaign that is none of ours."""
    place = place_of(at, chain_id=chain_id)
    match log:
        case l.Deposited():
            return c.RecordDeposit(deposit=_deposit(log, place), amount=log.amount)
        case l.DepositReclaimed():
            return _reclaim(log, place, coin)
        case l.CreditWithdrawn(payee=payee):
            names = tuple(name for where, name in coin.releases.get(payee, ()) if where < at)
            return c.RecordWithdrawal(releases=names, payee=payee, amount=log.amount, place=place) if names else None
        case l.EmergencyAnnounced(begins_at=begins_at):
            return _emergency(log.campaign_id, datetime.fromtimestamp(begins_at, UTC), place)
        case l.EmergencyCancelled():
            return _emergency(log.campaign_id, None, place)


def story_of(log: OfCoin, at: ChainPosition, *, coin: Coin) -> str:
    """What belongs together: a deposit and its reclaim are one story, everything else is one of its own."""
    deposited = None
    if isinstance(log, l.DepositReclaimed):
        deposited = coin.deposits.get((log.investment_id, log.depositor))
    return (deposited or at).key


def _deposit(log: l.Deposited, place: ChainPlace) -> Deposit:
    return Deposit(
        investment=_id(log.investment_id), campaign=_id(log.campaign_id), depositor=log.depositor, place=place
    )


def _reclaim(log: l.DepositReclaimed, place: ChainPlace, coin: Coin) -> c.Command | None:
    deposited = coin.deposits.get((log.investment_id, log.depositor))
    if deposited is None:
        return None
    payment = payment_id(CHAIN, place_of(deposited, chain_id=place.chain_id).reference)
    return c.RecordReclaim(payment_id=payment, amount=log.amount, place=place)


def _emergency(word: bytes, begins_at: datetime | None, place: ChainPlace) -> c.Command | None:
    campaign: UUID | None = from_bytes32(word)
    return None if campaign is None else c.RecordEmergency(campaign_id=campaign, begins_at=begins_at, place=place)


def _id(word: bytes) -> str:
    """An id in the journal's words: a UUID if it is one of ours, else the word itself."""
    known = from_bytes32(word)
    return "0x" + word.hex() if known is None else str(known)
