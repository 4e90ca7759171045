"""Reading a log of the platform replaced: by the contract it comes from, its signature and its number of topics.

1. The signature (topic0) is the same whichever arguments are indexed, so the number of topics tells the layout: that
   of the Solidity sources, or that of the platform's own Python ABIs, which some builds may follow.
2. `CampaignCompleted` and `FundsReleased` are the names of two logs each, `Transfer` of every token's: the contract
   that a log comes from tells what is meant, and the caller knows it by its address.
3. Values stand as Solidity encodes them, to the byte, or the log is not taken for one of theirs. A text that is no
   UTF-8 is none of theirs either: anybody may create a campaign there under any bytes.

What nobody deployed is not read: CampaignManager, the pool for yields, and the certificate tied to one exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, get_args

import msgspec

from abis.hashing import checksummed, keccak
from abis.legacy import logs as l
from abis.legacy.logs import HashedText
from abis.logs import Log, Paused, RawLog, RoleGranted, RoleRevoked, Transfer, Unpaused

Contract = Literal[
    "IssuerRegistry",
    "CampaignFactory",
    "CampaignImplementation",
    "NFTShareCertificate",
    "FundEscrow",
    "DAOGovernance",
]
CONTRACTS: tuple[Contract, ...] = get_args(Contract)

Declarations = tuple[tuple[type[Log], str], ...]

_ROLES: Declarations = (
    (RoleGranted, "RoleGranted(bytes32 indexed,address indexed,address indexed)"),
    (RoleRevoked, "RoleRevoked(bytes32 indexed,address indexed,address indexed)"),
    (l.RoleAdminChanged, "RoleAdminChanged(bytes32 indexed,bytes32 indexed,bytes32 indexed)"),
)
_PAUSES: Declarations = ((Paused, "Paused(address)"), (Unpaused, "Unpaused(address)"))

# As in the Solidity sources.
DECLARATIONS: dict[Contract, Declarations] = {
    "IssuerRegistry": (
        (l.IssuerRegistered, "IssuerRegistered(address indexed,string,string,uint256)"),
        (l.IssuerDeactivated, "IssuerDeactivated(address indexed,uint256)"),
        (l.ExclusivityLockSet, "ExclusivityLockSet(address indexed,bool)"),
        (l.InformationMemorandumUpdated, "InformationMemorandumUpdated(address indexed,string)"),
        *_ROLES,
    ),
    "CampaignFactory": (
        (l.CampaignCreated, "CampaignCreated(address indexed,address indexed,string,string,uint256,uint256)"),
        (l.FactoryCampaignCompleted, "CampaignCompleted(address indexed,string,uint256,bool)"),
        (l.ImplementationUpdated, "ImplementationUpdated(address)"),
        (l.PlatformFeeUpdated, "PlatformFeeUpdated(uint256)"),
        (l.FeeRecipientUpdated, "FeeRecipientUpdated(address)"),
        *_ROLES,
    ),
    "CampaignImplementation": (
        (l.InvestmentMade, "InvestmentMade(address indexed,uint256,string,string)"),
        (l.CampaignFundsReleased, "FundsReleased(uint256,uint256)"),
        (l.RefundIssued, "RefundIssued(address indexed,uint256)"),
        (l.CampaignCompleted, "CampaignCompleted(bool,uint256)"),
        (l.Initialized, "Initialized(uint64)"),
        *_PAUSES,
        *_ROLES,
    ),
    "NFTShareCertificate": (
        (l.CertificateIssued, "CertificateIssued(uint256 indexed,address indexed,string,uint256,uint256)"),
        (l.CertificateRevoked, "CertificateRevoked(uint256 indexed,string)"),
        (l.BaseUriUpdated, "BaseURIUpdated(string)"),
        (Transfer, "Transfer(address indexed,address indexed,uint256 indexed)"),
        (l.Approval, "Approval(address indexed,address indexed,uint256 indexed)"),
        (l.ApprovalForAll, "ApprovalForAll(address indexed,address indexed,bool)"),
        (l.MetadataUpdate, "MetadataUpdate(uint256)"),
        *_ROLES,
    ),
    "FundEscrow": (
        (l.FundsDeposited, "FundsDeposited(string indexed,address indexed,uint256,uint256)"),
        (l.EscrowFundsReleased, "FundsReleased(string indexed,address indexed,uint256,uint256)"),
        (l.RefundProcessed, "RefundProcessed(string indexed,address indexed,uint256,uint256)"),
        (l.YieldGenerated, "YieldGenerated(string indexed,uint256,uint256,uint256,uint256)"),
        (l.YieldFarmingToggled, "YieldFarmingToggled(bool)"),
        *_PAUSES,
        *_ROLES,
    ),
    "DAOGovernance": (
        (
            l.ProposalCreated,
            "ProposalCreated(uint256 indexed,address indexed,uint8,string,uint256,uint256)",
        ),
        (l.VoteCast, "VoteCast(uint256 indexed,address indexed,bool,uint256)"),
        (l.ProposalExecuted, "ProposalExecuted(uint256 indexed)"),
        (l.ProposalCancelled, "ProposalCancelled(uint256 indexed)"),
        (l.QuorumUpdated, "QuorumUpdated(uint256)"),
        (l.VotingPeriodUpdated, "VotingPeriodUpdated(uint256)"),
        *_ROLES,
    ),
}

# As in the platform's Python ABIs, where these differ from the sources in what is indexed.
PYTHON_DECLARATIONS: dict[Contract, Declarations] = {
    "CampaignFactory": ((l.CampaignCreated, "CampaignCreated(address,address indexed,string,string,uint256,uint256)"),),
    "NFTShareCertificate": (
        (l.CertificateIssued, "CertificateIssued(uint256,address indexed,string,uint256,uint256)"),
    ),
    "FundEscrow": (
        (l.FundsDeposited, "FundsDeposited(string,address indexed,uint256,uint256)"),
        (l.EscrowFundsReleased, "FundsReleased(string,address indexed,uint256,uint256)"),
    ),
}

Value = bytes | str | int | bool | HashedText
Reader = Callable[[bytes], Value]


class _Field(msgspec.Struct, frozen=True):
    name: str
    type: str
    hashed: bool  # the field is a HashedText: the text may stand in the log, or its hash alone


class _Layout(msgspec.Struct, frozen=True):
    kind: type[Log]
    indexed: tuple[_Field, ...]
    plain: tuple[_Field, ...]


def decode_legacy(log: RawLog, *, contract: Contract) -> Log | None:
    """The log of a contract of this class; None if it is none of the kinds that the class logs."""
    if not log.topics or any(len(topic) != 32 for topic in log.topics):
        return None
    layout = _LAYOUTS.get((contract, log.topics[0], len(log.topics)))
    if layout is None:
        return None
    try:
        values = dict(_topics(layout.indexed, log.topics[1:]))
        values.update(_data(layout.plain, log.data))
    except ValueError:
        return None
    return layout.kind(**values)


def _topics(fields: tuple[_Field, ...], topics: tuple[bytes, ...]) -> Iterator[tuple[str, Value]]:
    for field, topic in zip(fields, topics, strict=True):
        yield field.name, HashedText(topic) if field.type == "string" else _READERS[field.type](topic)


def _data(fields: tuple[_Field, ...], data: bytes) -> Iterator[tuple[str, Value]]:
    """One word each; a text's word says where it stands, and the texts stand in order behind the words."""
    end = 32 * len(fields)
    for place, field in enumerate(fields):
        word = data[32 * place : 32 * place + 32]
        if field.type != "string":
            yield field.name, _READERS[field.type](word)
            continue
        if int.from_bytes(word, "big") != end:
            raise ValueError("a text does not stand where the one before it ends")
        text, end = _text(data, end)
        yield field.name, HashedText.of(text) if field.hashed else text
    if end != len(data):
        raise ValueError("the data is cut off, or goes on behind the last value")


def _text(data: bytes, at: int) -> tuple[str, int]:
    """The text that stands here, and where its last word ends."""
    first = at + 32
    last = first + int.from_bytes(data[at:first], "big")
    end = first + (last - first + 31) // 32 * 32
    if any(data[last:end]):
        raise ValueError("a text is not filled up with zeros")
    return data[first:last].decode(), end


def _address(word: bytes) -> str:
    if any(word[:12]):
        raise ValueError("an address has 20 bytes")
    return checksummed(word[12:].hex())


def _unsigned(bits: int) -> Reader:
    def read(word: bytes) -> int:
        number = int.from_bytes(word, "big")
        if number >> bits:
            raise ValueError(f"a number of {bits} bits is larger")
        return number

    return read


def _truth(word: bytes) -> bool:
    return bool(_unsigned(1)(word))


_READERS: dict[str, Reader] = {
    "bytes32": lambda word: word,
    "address": _address,
    "uint256": _unsigned(256),
    "uint64": _unsigned(64),
    "uint8": _unsigned(8),
    "bool": _truth,
}


def _layout(kind: type[Log], declaration: str) -> tuple[bytes, _Layout]:
    name, _, rest = declaration.partition("(")
    arguments = rest[:-1].split(",")
    types = [argument.removesuffix(" indexed") for argument in arguments]
    named = msgspec.structs.fields(kind)
    fields = [_Field(field.name, type_, field.type is HashedText) for field, type_ in zip(named, types, strict=True)]
    indexed = tuple(f for f, argument in zip(fields, arguments, strict=True) if argument.endswith(" indexed"))
    plain = tuple(field for field in fields if field not in indexed)
    return keccak(f"{name}({','.join(types)})".encode("ascii")), _Layout(kind, indexed, plain)


def _layouts() -> dict[tuple[Contract, bytes, int], _Layout]:
    found: dict[tuple[Contract, bytes, int], _Layout] = {}
    for declarations in (DECLARATIONS, PYTHON_DECLARATIONS):
        for contract, kinds in declarations.items():
            for kind, declaration in kinds:
                signature, layout = _layout(kind, declaration)
                place = contract, signature, len(layout.indexed) + 1
                assert place not in found, f"two layouts of {contract} cannot be told apart: {declaration}"
                found[place] = layout
    return found


_LAYOUTS = _layouts()
