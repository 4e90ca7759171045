"""A lane in the writer's tables: its lease, its nonces, their signed bytes, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from uuid import UUID

import msgspec

from chain_writer.deciders import IN_FLIGHT_MAX, Found, Hold, Reject
from chain_writer.errors import GuardBroken, LeaseLost
from chain_writer.intents import NOTHING, Intent, Member, Purpose, Slot, Spent, Verdict, Winner
from chain_writer.replies import Classified
from chain_writer.rows import cut, intent_of, member_of, mined, sent, settled, slot_of, statement
from chain_writer.signer import Signed
from chain_writer.store.tables import Cursor, Lease, Tables
from chain_writer.transactions import Fields


class LaneRow(msgspec.Struct, frozen=True):
    """What is stored of a lane itself.

    `burn_through` is set once the lane is known to have lost records (its database is older than the chain): lost bytes
    may be in some pool for any nonce below it, so that these are filled before anything else is sent. `draining` is an
    operator's word that no intent is bound to a new nonce any more.
    """

    first_nonce: int
    next_nonce: int
    checkpoint: int
    checkpoint_hash: str
    quarantine: str | None
    burn_through: int | None
    draining: bool = False


class Bound(msgspec.Struct, frozen=True):
    """What goes into the next nonce: the signed bytes, and the intents that they carry, in the order of the call."""

    fields: Fields
    signed: Signed
    intents: tuple[UUID, ...]


class LaneTables(Tables):
    """The lanes' part: leases, nonces, signed bytes, and what became of them. Each write is one commit, or nothing."""

    # Leases.

    def open_lane(
        self,
        lane: UUID,
        name: str,
        *,
        chain_id: int,
        genesis_hash: str,
        address: str,
        nonce: int,
        block: tuple[int, str],
        burn_through: int | None = None,
    ) -> None:
        """Make a lane known, its first nonce the one that the chain awaits; a known lane takes its present name.

        `burn_through` is the nonce to fill up to, for a lane that is new here though its signer is not.
        """
        self._connection.execute(
            "INSERT INTO writer.lanes (lane, name, chain_id, genesis_hash, address, first_nonce, next_nonce,"
            " checkpoint, checkpoint_hash, burn_through) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (lane) DO UPDATE SET name = EXCLUDED.name WHERE writer.lanes.name <> EXCLUDED.name",
            (lane, name, chain_id, genesis_hash, address, nonce, nonce, *block, burn_through),
        )

    def undecided_signer(self, lane: UUID, name: str) -> str | None:
        """The address of another signer that drove a lane of this name on this chain and has nonces that are open."""
        row = self._maybe(
            "SELECT l.address FROM writer.lanes l JOIN writer.lanes m USING (chain_id, genesis_hash)"
            " WHERE m.lane = %s AND l.lane <> m.lane AND l.name = %s"
            " AND EXISTS (SELECT FROM writer.slots s WHERE s.lane = l.lane AND s.state <> 'final') LIMIT 1",
            (lane, name),
        )
        return str(row[0]) if row else None

    def acquire(self, lane: UUID, *, owner: str, lease_s: float) -> Lease | None:
        """Begin a new epoch; None while another owner's lease runs, or if the lane is not known."""
        row = self._maybe(statement("lease"), {"lane": lane, "owner": owner, "lease_s": lease_s})
        return Lease(lane, int(row[0])) if row else None

    def renew(self, lease: Lease, *, lease_s: float) -> None:
        with self._fenced(lease) as rows:
            rows.execute(
                "UPDATE writer.lanes SET lease_until = now() + make_interval(secs => %s) WHERE lane = %s",
                (lease_s, lease.lane),
            )

    def let_go(self, lease: Lease) -> None:
        """End a lease before its time, if it still is one."""
        self._connection.execute(
            "UPDATE writer.lanes SET lease_until = '-infinity', owner = NULL WHERE lane = %s AND epoch = %s",
            (lease.lane, lease.epoch),
        )

    def reinstate(self, name: str) -> int:
        """An operator's word that the lanes of a name may go on. How many were in quarantine."""
        with self._transaction() as rows:
            rows.execute(
                "UPDATE writer.lanes SET quarantine = NULL WHERE name = %s AND quarantine IS NOT NULL", (name,)
            )
            return rows.rowcount

    def restored(self, name: str) -> int:
        """An operator's word that records of a name's lanes may be lost: every nonce the lost bytes may have is filled.

        How many lanes that were. Nothing changes for a lane that is filling its nonces already.
        """
        with self._transaction() as rows:
            rows.execute(
                "UPDATE writer.lanes SET burn_through = greatest(burn_through, next_nonce + %s) WHERE name = %s",
                (IN_FLIGHT_MAX, name),
            )
            return rows.rowcount

    def drain(self, name: str, *, draining: bool) -> int:
        """An operator's word that the lanes of a name bind nothing to new nonces, or that they do again.

        How many lanes have that name. Once this has returned, no worker binds anything, whatever it saw before.
        """
        with self._transaction() as rows:
            rows.execute("UPDATE writer.lanes SET draining = %s WHERE name = %s", (draining, name))
            return rows.rowcount

    # Reading a lane.

    def lane(self, lane: UUID) -> LaneRow | None:
        row = self._maybe(
            "SELECT first_nonce, next_nonce, checkpoint, checkpoint_hash, quarantine, burn_through, draining"
            " FROM writer.lanes WHERE lane = %s",
            (lane,),
        )
        return LaneRow(*row) if row else None

    def open_slots(self, lane: UUID) -> list[Slot]:
        """The slots that are not final, in the order of their nonces."""
        rows = self._all(statement("open_slots"), (lane,))
        return [slot_of(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]

    def last_final(self, lane: UUID) -> tuple[int, str] | None:
        """Number and hash of the block in which the highest final nonce of a lane was mined."""
        row = self._maybe(
            "SELECT block_number, block_hash FROM writer.slots WHERE lane = %s AND state = 'final'"
            " ORDER BY nonce DESC LIMIT 1",
            (lane,),
        )
        return (int(row[0]), str(row[1])) if row else None

    def members(self, lane: UUID, nonces: Sequence[int]) -> list[Member]:
        return [member_of(row) for row in self._all(statement("members"), (lane, list(nonces)))]

    def ready(self, generation: UUID, lane: str, *, head: int, limit: int) -> list[Intent]:
        """The queued intents of a lane that nothing stands before, oldest first."""
        asked = {"generation": generation, "lane": lane, "head": head, "limit": limit}
        return [intent_of(row) for row in self._all(statement("ready"), asked)]

    def campaigns_of(self, lane: UUID, nonce: int) -> frozenset[UUID]:
        """The subjects of a slot's members."""
        rows = self._all(
            "SELECT DISTINCT subject FROM writer.members JOIN writer.intents USING (intent)"
            " WHERE members.lane = %s AND nonce = %s",
            (lane, nonce),
        )
        return frozenset(row[0] for row in rows)

    def spent(self, lane: UUID, *, window_h: int, besides: int) -> Spent:
        """What the nonces of a lane cost at most, by what was signed for them within the last hours.

        Of each nonce the dearest submission counts, since one of them runs; that of `besides` is left out.
        """
        row = self._maybe(statement("spent"), {"lane": lane, "window_h": window_h, "besides": besides})
        assert row is not None
        return Spent(int(row[0]), int(row[1]))

    # Writing a lane. Each is one commit, or nothing.

    def allot(self, lease: Lease, bound: Sequence[Bound], *, made_block: int) -> None:
        """Bind intents to the next nonces, each with the signed bytes that carry them. LeaseLost while it drains, and
        when their generation has ended.

        All of them in one commit: the disk is waited for once, however many leave together.
        """
        intents = [intent for one in bound for intent in one.intents]
        with self._fenced(lease) as rows:
            _refuse_draining(rows, lease)
            _refuse_ended(rows, intents)
            _take(rows, lease, [one.fields for one in bound])
            rows.execute(statement("bind"), (intents,))
            if rows.rowcount != len(intents):
                raise GuardBroken(f"{len(intents)} intents were to be bound, {rows.rowcount} were queued")
            rows.executemany(
                "INSERT INTO writer.members (lane, nonce, place, intent)"
                " SELECT %s, %s, m.place - 1, m.intent FROM unnest(%s::uuid[]) WITH ORDINALITY AS m (intent, place)",
                [(lease.lane, one.fields.nonce, list(one.intents)) for one in bound],
            )
            signed = [(one.fields, one.signed) for one in bound]
            _submit(rows, lease, signed, purpose=Purpose.EFFECT, made_block=made_block)

    def fill(self, lease: Lease, fields: Fields, signed: Signed, *, made_block: int) -> None:
        """Use up the next nonce for nothing: no intent is bound to it."""
        with self._fenced(lease) as rows:
            _take(rows, lease, [fields])
            _submit(rows, lease, [(fields, signed)], purpose=Purpose.FILLER, made_block=made_block)

    def adopt(self, lease: Lease, intents: Sequence[UUID]) -> None:
        """Settle queued intents that the contract has on final state, though no record says how they came there."""
        with self._fenced(lease) as rows:
            rows.execute(statement("adopt"), (list(intents),))
            if rows.rowcount != len(intents):
                raise GuardBroken(f"{len(intents)} intents were to be adopted, {rows.rowcount} were queued")

    def submit(self, lease: Lease, fields: Fields, signed: Signed, *, purpose: Purpose, made_block: int) -> None:
        """Keep further signed bytes of a nonce that is not final."""
        with self._fenced(lease) as rows:
            _submit(rows, lease, [(fields, signed)], purpose=purpose, made_block=made_block)

    def note_sent(self, lane: UUID, said: Mapping[str, Classified], *, block: int) -> None:
        """Keep what a node said of submissions, by their hashes. Needs no lease: it decides nothing."""
        with self._transaction() as rows:
            rows.execute(statement("sent"), sent(lane, said, block=block))
            for text in sorted({one.text for one in said.values() if not one.known}):
                rows.execute(
                    "INSERT INTO writer.unknown_replies (text) VALUES (%s) ON CONFLICT (text) DO UPDATE"
                    " SET seen = writer.unknown_replies.seen + 1, last_seen_at = now()",
                    (text,),
                )

    def mine(
        self,
        lease: Lease,
        *,
        found: Sequence[tuple[Found, Winner]],
        next_nonce: int,
        checkpoint: tuple[int, str],
        quarantine: str | None,
        burn_through: int | None,
    ) -> None:
        """Keep which txs took which nonces in which blocks, and how far the blocks have been read.

        A nonce from `next_nonce` on is one of which no record says that we gave it out: it becomes a slot of nobody's.
        `quarantine` is why the lane must stop after that, `burn_through` the nonce to fill up to, if it must.
        """
        with self._fenced(lease) as rows:
            for kind, known in (("mined", True), ("taken_over", False)):
                several = [one for one in found if (one[0].tx.nonce < next_nonce) is known]
                rows.executemany(statement(kind), [mined(lease.lane, lease.epoch, *one) for one in several])
            self._move_checkpoint(rows, lease, checkpoint)
            if quarantine is not None:
                rows.execute("UPDATE writer.lanes SET quarantine = %s WHERE lane = %s", (quarantine, lease.lane))
            if burn_through is not None:
                rows.execute(
                    "UPDATE writer.lanes SET burn_through = greatest(burn_through, %s) WHERE lane = %s",
                    (burn_through, lease.lane),
                )

    def move_checkpoint(self, lease: Lease, checkpoint: tuple[int, str]) -> None:
        with self._fenced(lease) as rows:
            self._move_checkpoint(rows, lease, checkpoint)

    def roll_back(self, lease: Lease, nonces: Sequence[int], *, checkpoint: tuple[int, str]) -> None:
        """The blocks of these nonces are gone: they are live again, never sent as far as anybody knows."""
        with self._fenced(lease) as rows:
            rows.execute(statement("taken_back"), {"lane": lease.lane, "nonces": list(nonces)})
            self._move_checkpoint(rows, lease, checkpoint)

    def conclude(self, lease: Lease, verdicts: Mapping[int, Sequence[Verdict]], *, spent: Spent = NOTHING) -> None:
        """Make mined nonces final, and settle or release everything that rode in each. `spent` is what all cost."""
        nonces, count = list(verdicts), sum(map(len, verdicts.values()))
        with self._fenced(lease) as rows:
            rows.execute(
                "UPDATE writer.slots SET state = 'final', final_at = now()"
                " WHERE lane = %s AND nonce = ANY(%s) AND state = 'mined'",
                (lease.lane, nonces),
            )
            if rows.rowcount != len(nonces):
                raise GuardBroken(f"nonces {nonces} were to become final, but {rows.rowcount} of them are mined")
            rows.execute(
                "UPDATE writer.lanes SET gas_used = gas_used + %s, fees_wei = fees_wei + %s WHERE lane = %s",
                (spent.gas, spent.fees_wei, lease.lane),
            )
            columns = settled(lease.lane, verdicts)
            for name in ("settle_members", "settle_intents"):
                rows.execute(statement(name), columns)
                if rows.rowcount != count:
                    raise GuardBroken(f"nonces {nonces} have {count} verdicts for {rows.rowcount} members")

    def refuse(self, lease: Lease, intent: UUID, refusal: Hold | Reject) -> None:
        """Hold a queued intent back until a block, or settle it as rejected."""
        with self._fenced(lease) as rows:
            match refusal:
                case Hold():
                    rows.execute(
                        "UPDATE writer.intents SET code = %s, reason = %s, refused_block = %s, held_until_block = %s"
                        " WHERE intent = %s AND state = 'queued'",
                        (refusal.code, cut(refusal.reason), refusal.since_block, refusal.until_block, intent),
                    )
                case Reject():
                    rows.execute(
                        "UPDATE writer.intents SET state = 'rejected', code = %s, reason = %s, settled_at = now()"
                        " WHERE intent = %s AND state = 'queued'",
                        (refusal.code, cut(refusal.reason), intent),
                    )

    # Inside.

    def _move_checkpoint(self, rows: Cursor, lease: Lease, checkpoint: tuple[int, str]) -> None:
        rows.execute(
            "UPDATE writer.lanes SET checkpoint = %s, checkpoint_hash = %s WHERE lane = %s", (*checkpoint, lease.lane)
        )

    @contextmanager
    def _fenced(self, lease: Lease) -> Iterator[Cursor]:
        """A transaction that holds the lane's row, in the epoch of the lease. Raises LeaseLost if that is over."""
        with self._transaction() as rows:
            rows.execute(
                "SELECT FROM writer.lanes WHERE lane = %s AND epoch = %s FOR NO KEY UPDATE", (lease.lane, lease.epoch)
            )
            if rows.rowcount == 0:
                raise LeaseLost(f"epoch {lease.epoch} of the lane is over")
            yield rows


def _refuse_draining(rows: Cursor, lease: Lease) -> None:
    """The lane's row is held here, as it is by whoever lets it drain: one of the two is first."""
    rows.execute("SELECT FROM writer.lanes WHERE lane = %s AND draining", (lease.lane,))
    if rows.rowcount:
        raise LeaseLost("the lane drains")


def _refuse_ended(rows: Cursor, intents: Sequence[UUID]) -> None:
    """All are of one generation, whose row is held here, as it is by whoever ends it: one of the two is first."""
    rows.execute(statement("ended"), (intents[0] if intents else None,))
    found = rows.fetchone()
    if found is not None and found[0] is not None:
        raise LeaseLost(f"the generation ended with the promotion of another one at position {found[0]}")


def _take(rows: Cursor, lease: Lease, several: Sequence[Fields]) -> None:
    """A slot for each of the next nonces. The database refuses any other."""
    rows.executemany(
        "INSERT INTO writer.slots (lane, nonce, target, epoch) VALUES (%s, %s, %s, %s)",
        [(lease.lane, fields.nonce, fields.to, lease.epoch) for fields in several],
    )


def _submit(
    rows: Cursor, lease: Lease, several: Sequence[tuple[Fields, Signed]], *, purpose: Purpose, made_block: int
) -> None:
    rows.executemany(
        statement("submit"),
        [
            {
                "lane": lease.lane,
                "nonce": fields.nonce,
                "purpose": purpose.value,
                "hash": signed.hash,
                "raw": signed.raw,
                "gas_limit": fields.gas_limit,
                "gas_price_wei": fields.gas_price_wei,
                "epoch": lease.epoch,
                "made_block": made_block,
            }
            for fields, signed in several
        ],
    )
