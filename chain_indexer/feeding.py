"""The indexer's side to the journal: each log judged, the confirming ones given to the ledger, all answers awaited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from hashlib import sha256

import msgspec

from abis import Generation, Log, decode
from abis import logs as l
from chain_indexer.blocks import ChainPosition, Confirmed, Foreign, Header, Noted, PlacedLog, Reason, Verdict
from chain_indexer.confirmations import Confirming, command_of, companions, fact_of, objection
from domain.commands import Command
from domain.errors import KeyReused, Refusal
from domain.journal import Actor, CommandKey, Entry, Envelope, JournalReader, Ledger, Outcome

ACTOR = Actor("chain-indexer", "indexer")
COMMANDS_PER_WAVE_MAX = 2_000  # waiting at once: well within the journal's queue
ENTRIES_PER_READ_MAX = 1_000
POSITIONS_APART_MAX = 32  # entries this near to each other are read together with what lies between

_encode = msgspec.json.Encoder().encode


class Claim(msgspec.Struct, frozen=True):
    """A log that confirms its entry, as the command to give to the journal."""

    kind: str
    entry: Entry
    envelope: Envelope


def envelope_of(command: Command, at: ChainPosition, *, chain_id: int, entry: Entry) -> Envelope:
    """The command under the log's own name, so that a replay is the same command."""
    return Envelope(
        command=command,
        actor=ACTOR,
        key=CommandKey(f"log:{chain_id}", at.key),
        fingerprint=sha256(_encode(command)).digest(),
        correlation_id=entry.meta.correlation_id,
        cause=entry.position,
    )


def judge(
    log: PlacedLog,
    decoded: Log | None,
    *,
    entries: Mapping[bytes, Entry],
    companion: bool,
    block: Header,
    generation: Generation,
) -> Verdict | Claim:
    """What a log is.

    1. Of an unknown signature or layout: foreign.
    2. A repeated write with the same content, the companion of an effect, or what a depositor or payee did with coin of
       their own: noted.
    3. Of a confirming kind: it confirms the entry whose leaf it repeats, unless there is no such entry, or something
       speaks against it.
    4. A conflict, or of another kind that confirms nothing: foreign.
    """
    if decoded is None:
        return Foreign(reason=Reason.UNKNOWN_SIGNATURE)
    kind = type(decoded).__name__
    if companion or isinstance(decoded, l.AlreadyRecorded | l.Deposited | l.DepositReclaimed | l.CreditWithdrawn):
        return Noted(kind=kind)
    if isinstance(decoded, Confirming):
        return _confirmation(log, decoded, entries=entries, block=block, generation=generation)
    if isinstance(decoded, l.Conflict):
        detail = f"recorded is 0x{decoded.have.hex()}, given was 0x{decoded.given.hex()}"
        return _foreign(Reason.CONFLICT, decoded, detail=detail, entry=entries.get(decoded.entry))
    return Foreign(reason=Reason.NOT_A_CONFIRMATION, kind=kind)


def _confirmation(
    log: PlacedLog,
    decoded: Confirming,
    *,
    entries: Mapping[bytes, Entry],
    block: Header,
    generation: Generation,
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
    command = command_of(decoded, fact_of(log.at, chain_id=generation.chain_id, entry_position=entry.position))
    assert command is not None, "a log whose subject is the entry's stream has a subject"
    envelope = envelope_of(command, log.at, chain_id=generation.chain_id, entry=entry)
    return Claim(type(decoded).__name__, entry, envelope)


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


class Feeder:
    """Feeds the final logs of a range to the journal. The reader must read the primary: a leaf that a replica does not
    have yet would make a true log foreign."""

    def __init__(
        self, *, ledger: Ledger, reader: JournalReader, generation: Generation, crash: Callable[[str], None]
    ) -> None:
        self._ledger = ledger
        self._reader = reader
        self._generation = generation
        self._crash = crash

    def feed(self, logs: Sequence[PlacedLog], blocks: Mapping[int, Header]) -> tuple[Verdict, ...]:
        """The verdict on each log, once the journal has answered for all. Raises JournalBusy, JournalUnavailable."""
        decoded = [decode(log.raw) for log in logs]
        entries = self._entries(decoded)
        known = companions((log.at, d) for log, d in zip(logs, decoded, strict=True) if d is not None)
        judged = [
            judge(
                log,
                d,
                entries=entries,
                companion=log.at.key in known,
                block=blocks[log.at.block_number],
                generation=self._generation,
            )
            for log, d in zip(logs, decoded, strict=True)
        ]
        claims = [j for j in judged if isinstance(j, Claim)]
        answers = iter(self._claim(claims))
        return tuple(next(answers) if isinstance(j, Claim) else j for j in judged)

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

    def _claim(self, claims: Sequence[Claim]) -> list[Verdict]:
        """All at once, so that they share commits; a large number in waves, so that the journal is not busy with us."""
        verdicts: list[Verdict] = []
        for place in range(0, len(claims), COMMANDS_PER_WAVE_MAX):
            wave = claims[place : place + COMMANDS_PER_WAVE_MAX]
            futures = [self._ledger.submit(claim.envelope) for claim in wave]
            self._crash("commands-submitted")
            verdicts.extend(_answered(claim, future) for claim, future in zip(wave, futures, strict=True))
        if claims:
            self._crash("commands-answered")
        return verdicts


def _answered(claim: Claim, future: Future[Outcome]) -> Verdict:
    """The journal's answer as a verdict. What passes by itself, and every defect, is raised."""
    entry = claim.entry
    try:
        outcome = future.result()
    except Refusal as refusal:
        reason, detail = Reason.REFUSED, f"{refusal.code}: {refusal.text}"
    except KeyReused:
        reason, detail = Reason.RECORDED_OTHERWISE, "the journal has another command for this very log"
    else:
        return Confirmed(kind=claim.kind, entry_position=entry.position, position=outcome.position)
    return Foreign(reason=reason, kind=claim.kind, detail=detail, leaf=entry.leaf, entry_position=entry.position)
