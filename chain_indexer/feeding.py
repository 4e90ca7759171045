"""The indexer's side to the journal: each log judged, the confirming ones given to the ledger, all answers awaited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from hashlib import sha256
from typing import Protocol
from uuid import UUID, uuid5

import msgspec

from abis import Generation, Log, decode
from abis import logs as l
from chain_indexer import coin as coins
from chain_indexer.blocks import Confirmed, Foreign, Header, Imported, Noted, Reason, Recorded, Verdict
from chain_indexer.coin import Coin, OfCoin
from chain_indexer.confirmations import Confirming, command_of, companions, fact_of, objection
from chain_indexer.logs import TOPICS_MAX, ChainPosition, Logs, PlacedLog, signed
from domain.commands import Command
from domain.errors import KeyReused, Refusal
from domain.journal import Actor, CommandKey, Entry, Envelope, JournalReader, Ledger, Outcome
from domain.ledger import generation_id

ACTOR = Actor("chain-indexer", "indexer")
COMMANDS_PER_WAVE_MAX = 2_000  # waiting at once: well within the journal's queue
ENTRIES_PER_READ_MAX = 1_000
STORIES = UUID("d0f1c7be-7a3b-5c1e-9d2c-4e8f1b6a7c93")  # of what no entry caused; for ever: it stands in entries
POSITIONS_APART_MAX = 32  # entries this near to each other are read together with what lies between

_encode = msgspec.json.Encoder().encode


class Claim(msgspec.Struct, frozen=True):
    """A log as the command to give to the journal: it confirms its entry, or says what no entry caused."""

    kind: str
    entry: Entry | None
    envelope: Envelope


class Earlier(Protocol):
    """What was fed before; the indexer's store."""

    def deposits(self, escrow: str, investments: Collection[bytes]) -> list[PlacedLog]: ...
    def releases(self, escrow: str, payees: Collection[bytes]) -> list[PlacedLog]: ...


def envelope_of(
    command: Command, at: ChainPosition, *, chain_id: int, entry: Entry | None, story: str = ""
) -> Envelope:
    """The command under the log's own name, so that a replay is the same command. `story` of what no entry caused."""
    return Envelope(
        command=command,
        actor=ACTOR,
        key=CommandKey(f"log:{chain_id}", at.key),
        fingerprint=sha256(_encode(command)).digest(),
        correlation_id=entry.meta.correlation_id if entry else uuid5(STORIES, story),
        cause=entry.position if entry else None,
    )


def judge(
    log: PlacedLog,
    decoded: Log | None,
    *,
    entries: Mapping[bytes, Entry],
    companion: bool,
    block: Header,
    generation: Generation,
    named: UUID,
    coin: Coin,
) -> Verdict | Claim:
    """What a log is; `named` is the generation's id.

    1. Of an unknown signature or layout: foreign.
    2. A repeated write with the same content, the companion of an effect, or a role that the deployment granted: noted.
    3. Of a confirming kind: it confirms the entry whose leaf it repeats, unless there is no such entry, or something
       speaks against it.
    4. What depositors, payees and the admin did with coin at the escrow: a fact of its own. Of no release: noted.
    5. A conflict, or of another kind that confirms nothing: foreign.
    """
    if decoded is None:
        return Foreign(reason=Reason.UNKNOWN_SIGNATURE)
    kind = type(decoded).__name__
    if companion or isinstance(decoded, l.AlreadyRecorded) or _wires(decoded, log, generation):
        return Noted(kind=kind)
    if isinstance(decoded, Confirming):
        return _confirmation(log, decoded, entries=entries, block=block, generation=generation, named=named)
    if isinstance(decoded, OfCoin) and log.raw.address == generation.addresses["FundEscrow"].lower():
        return _of_coin(log.at, decoded, coin=coin, chain_id=generation.chain_id)
    if isinstance(decoded, l.Conflict):
        detail = f"recorded is 0x{decoded.have.hex()}, given was 0x{decoded.given.hex()}"
        return _foreign(Reason.CONFLICT, decoded, detail=detail, entry=entries.get(decoded.entry))
    return Foreign(reason=Reason.NOT_A_CONFIRMATION, kind=kind)


def _wires(decoded: l.Log, log: PlacedLog, generation: Generation) -> bool:
    """Whether a log is the deployment's own. What it granted is compared with what was meant by `contracts check`."""
    return isinstance(decoded, l.RoleGranted) and log.at.block_number <= generation.deployed_block


def _confirmation(
    log: PlacedLog,
    decoded: Confirming,
    *,
    entries: Mapping[bytes, Entry],
    block: Header,
    generation: Generation,
    named: UUID,
) -> Foreign | Claim:
    entry = entries.get(decoded.entry)
    if entry is None:
        return _foreign(Reason.ENTRY_UNKNOWN, decoded, detail="no entry of the journal has this leaf", entry=None)
    against = objection(
        decoded,
        emitter=log.raw.address,
        block_timestamp_s=block.timestamp_s,
        entry=entry,
        generation=generation,
    )
    if against is not None:
        return _foreign(against.reason, decoded, detail=against.detail, entry=entry)
    fact = fact_of(log.at, chain_id=generation.chain_id, generation=named, entry_position=entry.position)
    command = command_of(decoded, fact)
    assert command is not None, "a log whose subject is the entry's stream has a subject"
    envelope = envelope_of(command, log.at, chain_id=generation.chain_id, entry=entry)
    return Claim(type(decoded).__name__, entry, envelope)


def _of_coin(at: ChainPosition, decoded: OfCoin, *, coin: Coin, chain_id: int) -> Noted | Foreign | Claim:
    kind = type(decoded).__name__
    command = coins.command_of(decoded, at, chain_id=chain_id, coin=coin)
    if command is not None:
        story = coins.story_of(decoded, at, coin=coin)
        return Claim(kind, None, envelope_of(command, at, chain_id=chain_id, entry=None, story=story))
    if isinstance(decoded, l.CreditWithdrawn):
        return Noted(kind=kind)
    return Foreign(reason=Reason.NOT_A_CONFIRMATION, kind=kind, detail="of no deposit or campaign that is known")


def _foreign(reason: Reason, decoded: Confirming | l.Conflict, *, detail: str, entry: Entry | None) -> Foreign:
    return Foreign(
        reason=reason,
        kind=type(decoded).__name__,
        detail=detail,
        leaf=decoded.entry,
        entry_position=entry.position if entry else None,
    )


def windows(positions: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of the stretches of the journal to read, so that near entries come in one answer."""
    found: list[tuple[int, int]] = []
    for position in sorted(positions):
        first, last = found[-1] if found else (position, position)
        if found and position - last <= POSITIONS_APART_MAX and position - first < ENTRIES_PER_READ_MAX:
            found[-1] = (first, position)
        else:
            found.append((position, position))
    return found


_UNKNOWN = Imported(kind=None)
_IMPORTED = {
    signed(signature, topics): Imported(kind=name)
    for signature, name in l.SIGNATURES.items()
    for topics in range(1, TOPICS_MAX + 1)
}


def imported(logs: Logs) -> tuple[Verdict, ...]:
    """The verdicts on the logs of a history that the journal is not told of."""
    return tuple([_IMPORTED.get(start, _UNKNOWN) for start in logs.signed()])


class Feeder:
    """Feeds the final logs of a range to the journal. The reader must read the primary: a leaf that a replica does not
    have yet would make a true log foreign."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        reader: JournalReader,
        earlier: Earlier,
        generation: Generation,
        crash: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._reader = reader
        self._earlier = earlier
        self._generation = generation
        self._named = generation_id(generation)
        self._crash = crash

    def feed(self, logs: Sequence[PlacedLog], blocks: Mapping[int, Header]) -> tuple[Verdict, ...]:
        """The verdict on each log, once the journal has answered for all. Raises JournalBusy, JournalUnavailable."""
        decoded = [decode(log.raw) for log in logs]
        entries = self._entries(decoded)
        placed = [(log.at, d) for log, d in zip(logs, decoded, strict=True) if d is not None]
        known, coin = companions(placed), self._coin(placed)
        return self._answers(
            judge(
                log,
                d,
                entries=entries,
                companion=log.at.key in known,
                block=blocks[log.at.block_number],
                generation=self._generation,
                named=self._named,
                coin=coin,
            )
            for log, d in zip(logs, decoded, strict=True)
        )

    def _entries(self, decoded: Sequence[Log | None]) -> dict[bytes, Entry]:
        """The entries whose leaves these logs repeat, by leaf."""
        leaves = {d.entry for d in decoded if isinstance(d, Confirming | l.Conflict)}
        if not leaves:
            return {}
        positions = self._reader.positions_of(sorted(leaves))
        return {
            entry.leaf: entry
            for first, last in windows(positions.values())
            for entry in self._reader.read(after=first - 1, limit=last - first + 1)
            if entry.leaf in leaves
        }

    def _coin(self, placed: Sequence[coins.Placed]) -> Coin:
        """What the escrow said of the deposits and payees that these logs name: before them, and among them."""
        escrow = self._generation.addresses["FundEscrow"].lower()
        reclaimed = {d.investment_id for _, d in placed if isinstance(d, l.DepositReclaimed)}
        payees = {bytes.fromhex(d.payee[2:]).rjust(32, b"\0") for _, d in placed if isinstance(d, l.CreditWithdrawn)}
        before = [
            *(self._earlier.deposits(escrow, reclaimed) if reclaimed else ()),
            *(self._earlier.releases(escrow, payees) if payees else ()),
        ]
        said = [(log.at, d) for log in before if (d := decode(log.raw)) is not None]
        return coins.heard([*said, *placed])

    def _answers(self, judged: Iterable[Verdict | Claim]) -> tuple[Verdict, ...]:
        """Each claim is given to the ledger as soon as it is judged: the journal works meanwhile, and claims share
        commits. A large number goes in waves, so that the journal is not busy with us."""
        verdicts: list[Verdict | None] = []
        wave: list[tuple[int, Claim, Future[Outcome]]] = []
        claims = 0
        for one in judged:
            if isinstance(one, Claim):
                claims += 1
                wave.append((len(verdicts), one, self._ledger.submit(one.envelope)))
            verdicts.append(None if isinstance(one, Claim) else one)
            if len(wave) == COMMANDS_PER_WAVE_MAX:
                self._await(wave, verdicts)
        self._await(wave, verdicts)
        if claims:
            self._crash("commands-answered")
        return tuple(verdict for verdict in verdicts if verdict is not None)

    def _await(self, wave: list[tuple[int, Claim, Future[Outcome]]], verdicts: list[Verdict | None]) -> None:
        if wave:
            self._crash("commands-submitted")
        for place, claim, future in wave:
            verdicts[place] = _answered(claim, future)
        wave.clear()


def _answered(claim: Claim, future: Future[Outcome]) -> Verdict:
    """The journal's answer as a verdict. What passes by itself, and every defect, is raised."""
    kind, entry = claim.kind, claim.entry
    try:
        outcome = future.result()
    except Refusal as refusal:
        reason, detail = Reason.REFUSED, f"{refusal.code}: {refusal.text}"
    except KeyReused:
        reason, detail = Reason.RECORDED_OTHERWISE, "the journal has another command for this very log"
    else:
        if entry is None:
            return Recorded(kind=kind, position=outcome.position)
        return Confirmed(kind=kind, entry_position=entry.position, position=outcome.position)
    leaf, position = (entry.leaf, entry.position) if entry else (None, None)
    return Foreign(reason=reason, kind=kind, detail=detail, leaf=leaf, entry_position=position)
