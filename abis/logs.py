"""The logs that the house reads: each kind a frozen value, decoded by its signature and number of topics."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from abis.hashing import checksummed, keccak


class RawLog(msgspec.Struct, frozen=True):
    """A log as a node gives it, hex undone: who emitted it (lower case), its topics, its data."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded log. SIGNATURE marks the indexed arguments, as in Solidity."""


class IssuerRegistered(Log, frozen=True, kw_only=True):
    company_id: bytes
    entry: bytes
    wallet: str
    documents_hash: bytes


class IssuerUpdated(Log, frozen=True, kw_only=True):
    company_id: bytes
    entry: bytes
    revision: int
    wallet: str
    documents_hash: bytes


class IssuerActiveSet(Log, frozen=True, kw_only=True):
    company_id: bytes
    entry: bytes
    revision: int
    active: bool


class ExclusivityLocked(Log, frozen=True, kw_only=True):
    company_id: bytes
    entry: bytes
    revision: int
    campaign_id: bytes


class ExclusivityReleased(Log, frozen=True, kw_only=True):
    company_id: bytes
    entry: bytes
    revision: int
    campaign_id: bytes


class CampaignCreated(Log, frozen=True, kw_only=True):
    campaign_id: bytes
    entry: bytes
    campaign: str
    company_id: bytes
    funding_goal: int
    threshold: int
    cap: int
    deadline: int
    asset: int
    terms_hash: bytes


class InvestmentRecorded(Log, frozen=True, kw_only=True):
    investment_id: bytes
    entry: bytes
    investor: str
    amount: int
    shares: int


class InvestmentWithdrawn(Log, frozen=True, kw_only=True):
    investment_id: bytes
    amount: int


class CampaignClosed(Log, frozen=True, kw_only=True):
    campaign_id: bytes
    entry: bytes
    successful: bool
    raised: int


class PausedSet(Log, frozen=True, kw_only=True):
    campaign_id: bytes
    entry: bytes
    revision: int
    paused: bool


class DeadlineSet(Log, frozen=True, kw_only=True):
    campaign_id: bytes
    entry: bytes
    revision: int
    deadline: int


class CertificateIssued(Log, frozen=True, kw_only=True):
    token_id: int
    entry: bytes
    campaign_id: bytes
    holder: str
    shares: int
    content_hash: bytes


class CertificateRevoked(Log, frozen=True, kw_only=True):
    change_id: bytes
    entry: bytes
    token_id: int
    holder: str
    evidence: bytes


class CertificateReissued(Log, frozen=True, kw_only=True):
    change_id: bytes
    entry: bytes
    token_id: int
    previous: str
    holder: str
    evidence: bytes


class TransferApproved(Log, frozen=True, kw_only=True):
    change_id: bytes
    entry: bytes
    token_id: int
    holder: str
    receiver: str
    evidence: bytes


class CertificateTransferred(Log, frozen=True, kw_only=True):
    """The holder made the transfer that a change approved; `entry` is that of the approval."""

    change_id: bytes
    entry: bytes
    token_id: int
    sender: str
    receiver: str


class ReleaseRecorded(Log, frozen=True, kw_only=True):
    release_id: bytes
    entry: bytes
    campaign_id: bytes
    issuer: str
    amount: int
    fee: int


class RefundRecorded(Log, frozen=True, kw_only=True):
    investment_id: bytes
    entry: bytes
    campaign_id: bytes
    investor: str
    amount: int


class Deposited(Log, frozen=True, kw_only=True):
    """Anybody's own call: coin for an investment, which counts if its campaign records it for this depositor."""

    investment_id: bytes
    campaign_id: bytes
    depositor: str
    amount: int


class DepositReclaimed(Log, frozen=True, kw_only=True):
    investment_id: bytes
    campaign_id: bytes
    depositor: str
    amount: int


class CreditWithdrawn(Log, frozen=True, kw_only=True):
    payee: str
    amount: int


class EmergencyAnnounced(Log, frozen=True, kw_only=True):
    campaign_id: bytes
    begins_at: int


class EmergencyCancelled(Log, frozen=True, kw_only=True):
    campaign_id: bytes


class FeeWalletSet(Log, frozen=True, kw_only=True):
    fee_wallet: str


class AlreadyRecorded(Log, frozen=True, kw_only=True):
    key: bytes
    entry: bytes


class Conflict(Log, frozen=True, kw_only=True):
    key: bytes
    entry: bytes
    have: bytes
    given: bytes


class Anchored(Log, frozen=True, kw_only=True):
    """The journal's tree of this size and root extends the one of the previous size (0: it is the first)."""

    size: int
    root: bytes
    previous_size: int
    generation: bytes


class AlreadyAnchored(Log, frozen=True, kw_only=True):
    size: int
    root: bytes


class Locked(Log, frozen=True, kw_only=True):
    token_id: int


class Unlocked(Log, frozen=True, kw_only=True):
    token_id: int


class BatchMetadataUpdate(Log, frozen=True, kw_only=True):
    """ERC-4906, by the admin's call: token URIs have another base."""

    first_token_id: int
    last_token_id: int


class Transfer(Log, frozen=True, kw_only=True):
    sender: str
    receiver: str
    token_id: int


class RoleGranted(Log, frozen=True, kw_only=True):
    role: bytes
    account: str
    sender: str


class RoleRevoked(Log, frozen=True, kw_only=True):
    role: bytes
    account: str
    sender: str


class Paused(Log, frozen=True, kw_only=True):
    account: str


class Unpaused(Log, frozen=True, kw_only=True):
    account: str


# Solidity's declarations: indexed arguments first. All are static, one word each, in the order of the fields above.
DECLARATIONS: dict[type[Log], str] = {
    IssuerRegistered: "IssuerRegistered(bytes32 indexed,bytes32 indexed,address,bytes32)",
    IssuerUpdated: "IssuerUpdated(bytes32 indexed,bytes32 indexed,uint64,address,bytes32)",
    IssuerActiveSet: "IssuerActiveSet(bytes32 indexed,bytes32 indexed,uint64,bool)",
    ExclusivityLocked: "ExclusivityLocked(bytes32 indexed,bytes32 indexed,uint64,bytes32)",
    ExclusivityReleased: "ExclusivityReleased(bytes32 indexed,bytes32 indexed,uint64,bytes32)",
    CampaignCreated: (
        "CampaignCreated(bytes32 indexed,bytes32 indexed,address,bytes32,uint256,uint256,uint256,uint64,uint8,bytes32)"
    ),
    InvestmentRecorded: "InvestmentRecorded(bytes32 indexed,bytes32 indexed,address,uint256,uint256)",
    InvestmentWithdrawn: "InvestmentWithdrawn(bytes32 indexed,uint256)",
    CampaignClosed: "CampaignClosed(bytes32 indexed,bytes32 indexed,bool,uint256)",
    PausedSet: "PausedSet(bytes32 indexed,bytes32 indexed,uint64,bool)",
    DeadlineSet: "DeadlineSet(bytes32 indexed,bytes32 indexed,uint64,uint64)",
    CertificateIssued: "CertificateIssued(uint256 indexed,bytes32 indexed,bytes32,address,uint256,bytes24)",
    CertificateRevoked: "CertificateRevoked(bytes32 indexed,bytes32 indexed,uint256,address,bytes32)",
    CertificateReissued: ("CertificateReissued(bytes32 indexed,bytes32 indexed,uint256,address,address,bytes32)"),
    TransferApproved: "TransferApproved(bytes32 indexed,bytes32 indexed,uint256,address,address,bytes32)",
    CertificateTransferred: "CertificateTransferred(bytes32 indexed,bytes32 indexed,uint256,address,address)",
    ReleaseRecorded: "ReleaseRecorded(bytes32 indexed,bytes32 indexed,bytes32,address,uint256,uint256)",
    RefundRecorded: "RefundRecorded(bytes32 indexed,bytes32 indexed,bytes32,address,uint256)",
    Deposited: "Deposited(bytes32 indexed,bytes32 indexed,address indexed,uint256)",
    DepositReclaimed: "DepositReclaimed(bytes32 indexed,bytes32 indexed,address indexed,uint256)",
    CreditWithdrawn: "CreditWithdrawn(address indexed,uint256)",
    EmergencyAnnounced: "EmergencyAnnounced(bytes32 indexed,uint64)",
    EmergencyCancelled: "EmergencyCancelled(bytes32 indexed)",
    FeeWalletSet: "FeeWalletSet(address indexed)",
    AlreadyRecorded: "AlreadyRecorded(bytes32 indexed,bytes32 indexed)",
    Conflict: "Conflict(bytes32 indexed,bytes32 indexed,bytes32,bytes32)",
    Anchored: "Anchored(uint64 indexed,bytes32 indexed,uint64,bytes32)",
    AlreadyAnchored: "AlreadyAnchored(uint64 indexed,bytes32 indexed)",
    Locked: "Locked(uint256)",
    Unlocked: "Unlocked(uint256)",
    BatchMetadataUpdate: "BatchMetadataUpdate(uint256,uint256)",
    Transfer: "Transfer(address indexed,address indexed,uint256 indexed)",
    RoleGranted: "RoleGranted(bytes32 indexed,address indexed,address indexed)",
    RoleRevoked: "RoleRevoked(bytes32 indexed,address indexed,address indexed)",
    Paused: "Paused(address)",
    Unpaused: "Unpaused(address)",
}

Reader = Callable[[bytes], bytes | str | int | bool]

_READERS: dict[str, Reader] = {
    "bytes32": lambda word: word,
    "bytes24": lambda word: word[:24],
    "address": lambda word: checksummed(word[12:].hex()),
    "uint256": lambda word: int.from_bytes(word, "big"),
    "uint64": lambda word: int.from_bytes(word, "big"),
    "uint8": lambda word: int.from_bytes(word, "big"),
    "bool": lambda word: word[-1] == 1,
}


class _Layout(msgspec.Struct, frozen=True):
    kind: type[Log]
    topics: int
    words: int
    fields: tuple[tuple[str, Reader], ...]


def _layout(kind: type[Log], declaration: str) -> tuple[bytes, _Layout]:
    name, _, rest = declaration.partition("(")
    arguments = rest[:-1].split(",")
    types = [argument.removesuffix(" indexed") for argument in arguments]
    indexed = sum(argument.endswith(" indexed") for argument in arguments)
    signature = keccak(f"{name}({','.join(types)})".encode("ascii"))
    names = [field.name for field in msgspec.structs.fields(kind)]
    fields = tuple((field, _READERS[type_]) for field, type_ in zip(names, types, strict=True))
    return signature, _Layout(kind, indexed + 1, len(types) - indexed, fields)


_LAYOUTS = dict(_layout(kind, declaration) for kind, declaration in DECLARATIONS.items())
SIGNATURES: dict[bytes, str] = {signature: layout.kind.__name__ for signature, layout in _LAYOUTS.items()}


def decode(log: RawLog) -> Log | None:
    """The decoded log; None if its signature is unknown or its layout is not the declared one."""
    if not log.topics:
        return None
    layout = _LAYOUTS.get(log.topics[0])
    if layout is None or len(log.topics) != layout.topics or len(log.data) != 32 * layout.words:
        return None
    if any(len(topic) != 32 for topic in log.topics):
        return None
    words = [*log.topics[1:], *(log.data[at : at + 32] for at in range(0, len(log.data), 32))]
    return layout.kind(**{name: read(word) for (name, read), word in zip(layout.fields, words, strict=True)})
