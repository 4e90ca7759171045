"""Every log on our contracts, explained by the one entry that caused it, or named as foreign."""

from __future__ import annotations

from collections.abc import Container, Iterator

import msgspec

from abis import Generation, Log
from abis import logs as on_chain
from abis.hashing import keccak
from ops.contracts import ESCROW_ROLE, ROLES
from ops.reconcile.chain import Found
from ops.reconcile.journal import JournalSide
from ops.reconcile.node import ChainLog
from ops.reconcile.nouns import Difference, Kind
from ops.reconcile.obligations import UNKNOWN_DEADLINE

ADMIN_ROLE = bytes(32)

Posting = (
    on_chain.IssuerRegistered
    | on_chain.CampaignCreated
    | on_chain.InvestmentRecorded
    | on_chain.CampaignClosed
    | on_chain.CertificateIssued
    | on_chain.ReleaseRecorded
    | on_chain.RefundRecorded
    | on_chain.CertificateRevoked
    | on_chain.CertificateReissued
    | on_chain.TransferApproved
    | on_chain.IssuerUpdated
    | on_chain.IssuerActiveSet
    | on_chain.ExclusivityLocked
    | on_chain.ExclusivityReleased
    | on_chain.PausedSet
    | on_chain.DeadlineSet
)

# What depositors, payees and the admin do at the escrow: no entry obliges it; `coin` compares each with its fact.
OfCoin = (
    on_chain.Deposited
    | on_chain.DepositReclaimed
    | on_chain.CreditWithdrawn
    | on_chain.EmergencyAnnounced
    | on_chain.EmergencyCancelled
)

# What the token standards say beside a change of a certificate.
Standard = on_chain.Transfer | on_chain.Locked | on_chain.Unlocked
OfCertificate = (
    on_chain.CertificateIssued
    | on_chain.CertificateRevoked
    | on_chain.CertificateReissued
    | on_chain.TransferApproved
    | on_chain.CertificateTransferred
)


Beside = tuple[str, int | tuple[bytes, int]]  # a tx, and a token, or an investment and its amount


class Explained(msgspec.Struct, frozen=True):
    """What the logs came to: the log that meets each obligation, the transfers by the positions of their approvals,
    how many logs merely repeat, and what is wrong."""

    met: dict[int, Found]
    moved: dict[int, Found]
    repeated: int
    differences: list[Difference]


class Explainer:
    """Goes through the logs in the order they were read and asks of each: which entry caused it?

    `later` holds the leaves of entries recorded after the journal was read: their logs are for the next time.
    """

    def __init__(
        self, journal: JournalSide, generation: Generation, *, signers: Container[str], later: Container[bytes]
    ) -> None:
        self._journal = journal
        self._signers = signers
        self._later = later
        self._names = {address.lower(): name for name, address in generation.addresses.items()}
        self._escrow = generation.addresses["FundEscrow"]
        self._administered: set[str] = set()
        self._met: dict[int, Found] = {}
        self._moved: dict[int, Found] = {}
        self._repeated = 0

    def explain(self, logs: list[Found]) -> Explained:
        beside = {place for found in logs for place in _explains(found)}
        judged = [self._judge(found, beside) for found in logs]
        differences = [difference for difference in judged if difference is not None]
        return Explained(self._met, self._moved, self._repeated, differences)

    def _judge(self, found: Found, beside: Container[Beside]) -> Difference | None:
        """None for a log that is as it must be.

        1. A posting: an entry obliges exactly it. 2. A repetition: an entry obliges its key. 3. A holder's transfer: an
        entry permits exactly it. 4. What is said beside one of these. 5. A role that the deployment gives. 6. What
        others did at the escrow. Everything else is foreign.
        """
        match found.said:
            case on_chain.Conflict(entry=leaf, have=have, given=given):
                return self._about(found, "chain-conflict", leaf, journal=f"0x{given.hex()}", chain=f"0x{have.hex()}")
            case on_chain.AlreadyRecorded(key=key, entry=leaf):
                return self._repetition(found, key, leaf)
            case on_chain.CertificateTransferred():
                return self._transfer(found, found.said)
            case on_chain.Locked() | on_chain.Unlocked() | on_chain.Transfer() | on_chain.InvestmentWithdrawn():
                explained = _place(found) in beside
            case on_chain.RoleGranted(role=role, account=account):
                explained = self._is_expected(found.log.raw.address, role, account)
            case said if isinstance(said, Posting):
                return self._posting(found, said)
            case said:
                explained = isinstance(said, OfCoin)
        return None if explained else self._foreign(found)

    def _posting(self, found: Found, said: Posting) -> Difference | None:
        if said.entry in self._later:
            return None
        position = self._journal.leaves.get(said.entry)
        if position is None:
            return self._foreign(found)
        obligation = self._journal.obligations[position]
        if obligation.address.lower() != found.log.raw.address or without_deadline(said) != obligation.log:
            return self._about(found, "chain-differs", said.entry, journal=told(obligation.log), chain=told(said))
        self._met[position] = found
        return None

    def _transfer(self, found: Found, said: on_chain.CertificateTransferred) -> Difference | None:
        if said.entry in self._later:
            return None
        position = self._journal.leaves.get(said.entry)
        if position is None:
            return self._foreign(found)
        permitted = self._journal.obligations[position].permits
        if permitted is None:
            return self._foreign(found)
        if said != permitted:
            return self._about(found, "chain-differs", said.entry, journal=told(permitted), chain=told(said))
        self._moved[position] = found
        return None

    def _repetition(self, found: Found, key: bytes, leaf: bytes) -> Difference | None:
        if leaf in self._later:
            return None
        position = self._journal.leaves.get(leaf)
        if position is None or self._journal.obligations[position].key != key:
            return self._foreign(found)
        self._repeated += 1
        return None

    def _is_expected(self, address: str, role: bytes, account: str) -> bool:
        """The first administrator of each contract, the escrow's role, and the writers' own role for their signers."""
        if role == ADMIN_ROLE and address not in self._administered:
            self._administered.add(address)
            return True
        contract = self._names.get(address, "")
        if contract == "CampaignFactory" and role == keccak(ESCROW_ROLE.encode("ascii")):
            return account == self._escrow
        name = ROLES.get(contract)
        return name is not None and role == keccak(name.encode("ascii")) and account in self._signers

    def _foreign(self, found: Found) -> Difference:
        leaf = getattr(found.said, "entry", b"")
        return self._about(found, "chain-foreign", leaf, journal=None, chain=told(found.said))

    def _about(self, found: Found, kind: Kind, leaf: bytes, *, journal: str | None, chain: str) -> Difference:
        position = self._journal.leaves.get(leaf)
        contract = self._names.get(found.log.raw.address, "a campaign's contract")
        return Difference(
            kind=kind,
            subject="log",
            id=where(found.log),
            what=f"{type(found.said).__name__ if found.said else 'unknown log'} of {contract}",
            journal=journal,
            chain=chain,
            positions=() if position is None else (position,),
        )


def _explains(found: Found) -> Iterator[Beside]:
    """What may be said beside a log."""
    match found.said:
        case said if isinstance(said, OfCertificate):
            yield found.log.tx_hash, said.token_id
        case on_chain.RefundRecorded(investment_id=investment_id, amount=amount):
            yield found.log.tx_hash, (investment_id, amount)
        case _:
            pass


def _place(found: Found) -> Beside:
    match found.said:
        case on_chain.InvestmentWithdrawn(investment_id=investment_id, amount=amount):
            return found.log.tx_hash, (investment_id, amount)
        case said:
            assert isinstance(said, Standard)
            return found.log.tx_hash, said.token_id


def without_deadline(said: Log) -> Log:
    """A log as an entry can foresee it: the deadline follows from the block."""
    if isinstance(said, on_chain.CampaignCreated):
        return msgspec.structs.replace(said, deadline=UNKNOWN_DEADLINE)
    return said


def where(log: ChainLog) -> str:
    """The place of a log on the chain, in words."""
    return f"block {log.block_number} tx {log.tx_hash} log {log.log_index}"


def told(said: Log | None) -> str:
    """A log in words, for a report."""
    if said is None:
        return "a log that the house does not know"
    fields = (f"{name}={_shown(getattr(said, name))}" for name in said.__struct_fields__)
    return f"{type(said).__name__}({', '.join(fields)})"


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
