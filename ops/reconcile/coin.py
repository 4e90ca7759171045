"""Journal against escrow: each log of coin with its fact, each deposit, credit and campaign, and the sum of it all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from abis import Log, to_bytes32
from abis import logs as on_chain
from abis.hashing import checksummed
from domain.campaign import EmergencyAnnounced, EmergencyCancelled, ReleaseWithdrawn
from domain.payment import Deposit, Payment, PaymentRecorded
from ops.reconcile.chain import Found
from ops.reconcile.escrow import Depositor, EscrowReader, OnEscrow
from ops.reconcile.explain import OfCoin, told, where
from ops.reconcile.journal import CoinFact, JournalSide
from ops.reconcile.nouns import Difference, Kind, Pending
from ops.reconcile.obligations import Obligation


class Held(msgspec.Struct, kw_only=True):
    """One deposit as journal and logs have it. `payment` is None while only the chain knows of it."""

    key: Depositor
    campaign: bytes
    amount: int
    payment: UUID | None = None
    state: str = "held"
    taken: int | None = None  # by its depositor, in wei
    was_recorded: bool = False


class Coin(msgspec.Struct, frozen=True):
    """What comparing the escrow came to."""

    checked: dict[str, int]
    differences: list[Difference]
    pending: list[Pending]


class CoinComparer:
    """`met` are the logs of obligations by their positions, `posted` the obligations that the chain holds.

    What the chain has and the indexer has not reached is taken from the log, and pending: the sums agree without it.
    """

    def __init__(
        self,
        journal: JournalSide,
        *,
        escrow: str,
        logs: list[Found],
        met: Mapping[int, Found],
        posted: Container[int],
        checkpoint: int,
    ) -> None:
        self._journal = journal
        self._escrow = escrow
        self._logs = [f for f in logs if isinstance(f.said, OfCoin | on_chain.FeeWalletSet)]
        self._met = met
        self._obligations = [o for o in journal.obligations.values() if o.position in posted]
        self._checkpoint = checkpoint
        self._differences: list[Difference] = []
        self._pending: list[Pending] = []
        self._held: dict[Depositor, Held] = {}

    def compare(self, reader: EscrowReader, *, block: int) -> Coin:
        self._compare_logs()
        self._fold_deposits()
        credit = self._credits(self._first_fee_wallet(reader, block))
        campaigns = sorted({held.campaign for held in self._held.values()})
        found = reader.read(deposits=list(self._held), payees=sorted(credit), campaigns=campaigns, block=block)
        self._compare_deposits(found)
        self._compare_credits(found, credit)
        for campaign in campaigns:
            self._compare_campaign(found, campaign)
        self._compare_balance(found)
        checked = {"deposits in the escrow": len(self._held), "payees of the escrow": len(credit)}
        return Coin(checked, self._differences, self._pending)

    # Log by log.

    def _compare_logs(self) -> None:
        """Each log is a fact of the journal and each fact a log, at the same place and of the same content."""
        facts = dict(self._journal.coin)
        for found in self._logs:
            known = facts.pop(f"{found.log.tx_hash}:{found.log.log_index}", None)
            if known is not None:
                self._compare_content(known, found)
            elif found.log.block_number > self._checkpoint:
                what = f"{type(found.said).__name__} awaits its entry"
                self._pending.append(Pending(subject="log", id=where(found.log), what=what, positions=()))
            elif not isinstance(found.said, on_chain.CreditWithdrawn | on_chain.FeeWalletSet):
                self._differ(
                    "log-without-confirmation", "log", where(found.log), type(found.said).__name__, chain=found
                )
        for reference, known in facts.items():
            for fact in known:
                said, what = f"believed at {reference}", fact.event.TOPIC
                self._about(fact, "confirmation-without-log", what, journal=said, chain=None)

    def _compare_content(self, known: list[CoinFact], found: Found) -> None:
        assert found.said is not None
        for fact in known:
            wanted = _said(fact, self._journal.streams[fact.stream].state, found.said)
            if wanted != found.said:
                self._about(fact, "chain-differs", fact.event.TOPIC, journal=told(wanted), chain=told(found.said))

    # Deposit by deposit.

    def _fold_deposits(self) -> None:
        for stream in self._journal.streams.values():
            if isinstance(stream.state, Payment) and stream.state.deposit is not None:
                self._know(_held_of(stream.state, stream.state.deposit))
        for found in self._logs:
            match found.said:
                case on_chain.Deposited(investment_id=investment, depositor=depositor, campaign_id=campaign) as said:
                    self._know(Held(key=(investment, depositor), campaign=campaign, amount=said.amount))
                case on_chain.DepositReclaimed(investment_id=investment, depositor=depositor, amount=amount):
                    if (held := self._held.get((investment, depositor))) is not None:
                        held.taken = amount
                case _:
                    pass
        for obligation in self._obligations:
            self._move(obligation)
        for held in self._held.values():
            held.state = "reclaimed" if held.taken is not None else held.state

    def _know(self, held: Held) -> None:
        self._held.setdefault(held.key, held)

    def _move(self, obligation: Obligation) -> None:
        match obligation.log:
            case on_chain.InvestmentRecorded(investment_id=investment, investor=investor):
                state = "recorded"
            case on_chain.RefundRecorded(investment_id=investment, investor=investor):
                state = "refunded"
            case _:
                return
        held = self._held.get((investment, investor))
        if held is not None:
            held.state, held.was_recorded = state, state == "recorded"

    def _compare_deposits(self, found: OnEscrow) -> None:
        for key, held in self._held.items():
            have, wanted = found.deposits[key], (held.state, held.amount)
            if have != wanted:
                self._differ_on(held.payment, "deposit", _id(held), "state and amount", wanted=wanted, have=have)

    # Payee by payee.

    def _first_fee_wallet(self, reader: EscrowReader, block: int) -> str | None:
        """Who was credited with fees before the first change of that."""
        changes = [found.log.block_number for found in self._logs if isinstance(found.said, on_chain.FeeWalletSet)]
        wallet = reader.fee_wallet(min(changes) - 1 if changes else block)
        return checksummed(wallet) if wallet is not None else None

    def _credits(self, fee_wallet: str | None) -> dict[str, int]:
        """What each payee may withdraw: releases in the order of the chain, until it takes all of it."""
        released = [(self._met[o.position], o.log) for o in self._obligations if self._is_release_in_coin(o)]
        moves: list[tuple[Found, Log | None]] = [*released, *((found, found.said) for found in self._logs)]
        credit: dict[str, int] = defaultdict(int)
        for _, said in sorted(moves, key=lambda move: (move[0].log.block_number, move[0].log.log_index)):
            match said:
                case on_chain.ReleaseRecorded(issuer=issuer, amount=amount, fee=fee):
                    credit[issuer] += amount
                    if fee_wallet is not None:
                        credit[fee_wallet] += fee
                case on_chain.FeeWalletSet(fee_wallet=wallet):
                    fee_wallet = wallet
                case on_chain.CreditWithdrawn(payee=payee) if payee in credit:
                    credit[payee] = 0
                case _:
                    pass
        return dict(credit)

    def _is_release_in_coin(self, obligation: Obligation) -> bool:
        """Of a campaign in coin, and with its log: one without is named elsewhere."""
        is_release = isinstance(obligation.log, on_chain.ReleaseRecorded) and obligation.position in self._met
        return is_release and _campaign_word(obligation) in {held.campaign for held in self._held.values()}

    def _compare_credits(self, found: OnEscrow, credit: Mapping[str, int]) -> None:
        for payee, wanted in credit.items():
            self._differ_on(None, "payee", payee, "credit", wanted=wanted, have=found.credits[payee])

    # The sums.

    def _compare_campaign(self, found: OnEscrow, campaign: bytes) -> None:
        """What of the escrow's coin is this campaign's: deposits that are not taken back, less what was released."""
        ours = [held for held in self._held.values() if held.campaign == campaign]
        released = sum(
            said.amount + said.fee
            for o in self._obligations
            if isinstance(said := o.log, on_chain.ReleaseRecorded) and said.campaign_id == campaign
        )
        wanted = sum(held.amount - (held.taken or 0) for held in ours) - released
        waiting = sum(found.deposits[h.key][1] for h in ours if found.deposits[h.key][0] in {"held", "refunded"})
        taken = sum(held.taken or 0 for held in ours if held.was_recorded)
        have = waiting + found.recorded[campaign] - taken - found.released[campaign]
        stream = UUID(bytes=campaign[:16])
        self._differ_on(stream, "campaign", str(stream), "coin in the escrow", wanted=wanted, have=have)

    def _compare_balance(self, found: OnEscrow) -> None:
        """All deposits, less all that depositors and payees took."""
        withdrawn = sum(f.said.amount for f in self._logs if isinstance(f.said, on_chain.CreditWithdrawn))
        wanted = sum(held.amount - (held.taken or 0) for held in self._held.values()) - withdrawn
        self._differ_on(None, "escrow", self._escrow, "balance", wanted=wanted, have=found.balance)

    # Differences.

    def _differ_on(self, stream: UUID | None, subject: str, name: str, what: str, *, wanted: Any, have: Any) -> None:
        if wanted == have:
            return
        known = self._journal.streams.get(stream) if stream is not None else None
        self._differences.append(
            Difference(
                kind="chain-differs",
                subject=subject,
                id=name,
                what=what,
                journal=_shown(wanted),
                chain=_shown(have),
                positions=known.shown if known is not None else (),
            )
        )

    def _differ(self, kind: Kind, subject: str, name: str, what: str, *, chain: Found) -> None:
        said = told(chain.said)
        self._differences.append(Difference(kind=kind, subject=subject, id=name, what=what, chain=said))

    def _about(self, fact: CoinFact, kind: Kind, what: str, *, journal: str, chain: str | None) -> None:
        subject = fact.event.TOPIC.partition(".")[0]
        self._differences.append(
            Difference(
                kind=kind,
                subject=subject,
                id=str(fact.stream),
                what=what,
                journal=journal,
                chain=chain,
                positions=(fact.position,),
            )
        )


def word_of(name: str) -> bytes:
    """An id of a deposit as the chain words it."""
    return bytes.fromhex(name[2:]) if name.startswith("0x") else to_bytes32(UUID(name))


def _held_of(payment: Payment, deposit: Deposit) -> Held:
    return Held(
        key=(word_of(deposit.investment), deposit.depositor),
        campaign=word_of(deposit.campaign),
        amount=payment.amount,
        payment=payment.id,
        taken=payment.returned or None,
    )


def _said(fact: CoinFact, state: Any, said: Log) -> Log:
    """The log that a fact of the journal is the word of."""
    match fact.event:
        case PaymentRecorded(deposit=Deposit() as deposit, amount=amount):
            return on_chain.Deposited(**_named(deposit), amount=amount)
        case ReleaseWithdrawn(payee=payee):  # one withdrawal may take several releases
            amount = said.amount if isinstance(said, on_chain.CreditWithdrawn) else 0
            return on_chain.CreditWithdrawn(payee=payee, amount=amount)
        case EmergencyAnnounced(begins_at=begins_at):
            seconds = int((begins_at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
            return on_chain.EmergencyAnnounced(campaign_id=to_bytes32(fact.stream), begins_at=seconds)
        case EmergencyCancelled():
            return on_chain.EmergencyCancelled(campaign_id=to_bytes32(fact.stream))
        case event:
            assert isinstance(state, Payment)
            assert state.deposit is not None
            amount = getattr(event, "amount", 0)
            return on_chain.DepositReclaimed(**_named(state.deposit), amount=amount)


def _named(deposit: Deposit) -> dict[str, Any]:
    ids = {"investment_id": word_of(deposit.investment), "campaign_id": word_of(deposit.campaign)}
    return {**ids, "depositor": deposit.depositor}


def _campaign_word(obligation: Obligation) -> bytes:
    return to_bytes32(obligation.campaign_id) if obligation.campaign_id is not None else b""


def _id(held: Held) -> str:
    return f"0x{held.key[0].hex()} of {held.key[1]}"


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
