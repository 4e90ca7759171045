"""The logs of the platform replaced: each kind in each layout read field by field, and nothing else taken for one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from abis.hashing import checksummed, keccak
from abis.legacy import CONTRACTS, Contract, HashedText, decode_legacy
from abis.legacy import logs as l
from abis.legacy.layouts import DECLARATIONS, PYTHON_DECLARATIONS
from abis.logs import Log, RawLog, Transfer

EMITTER = "0x" + "11" * 20
ISSUER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
INVESTOR = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
CAMPAIGN = "f1b0c7de-8a57-4c0a-9d0e-3f6d0f1f7a11"

# As the platform's own sources give them.
TOPICS = {
    "IssuerRegistered": "b90fab3f509b58e3f490dae1e5c582e8fde219064c5b98889d1a22f99fd38e84",
    "IssuerDeactivated": "586aa13012da4d969863a6facf031a08a22f65dbae68786e4de5261d411a60d8",
    "ExclusivityLockSet": "fa61478b1610e67febc7398840b9542af8c7261aacd616a1b32ea77d7d6378ff",
    "InformationMemorandumUpdated": "cdad215a7fe6c8be10c618103dc143b94ff485185e65e2ad5c1d3303a2aab99c",
    "CampaignCreated": "ada0d111faa4c3d443b09b9a5d21786bfe768dc215e0bce8830de404bea93c9d",
    "FactoryCampaignCompleted": "98daf57b74203c9ac8a332f2411cd5aeabdf57af81d9b456ad54674a33c04aa9",
    "InvestmentMade": "aa871ba9d4a0690874bccb24d8e8b234fec5139df90bd0205755b6c4691f92a0",
    "CampaignFundsReleased": "80230996023d69b50793fa73f1919127c9d8e741d3989743c479169f22e7a288",
    "RefundIssued": "a171b6942063c6f2800ce40a780edce37baa2b618571b11eedd1e69e626e7d76",
    "CampaignCompleted": "859d518b65d31d8989ffc91d888650afea53e2a43dff5b6594f67e8a438a29c9",
    "CertificateIssued": "0b520667c5b31a44de89890d3d4b8a91ed75baa75cab5110d43b2c7d2cd0ec6e",
    "CertificateRevoked": "65032d3cc955c731f4c2a4178f663dbcc6c08e5163bad5a3149773f3894548d3",
    "FundsDeposited": "df891f5410135263075ea37fdff545d69408e487f2cac5ef532f801aecfaf19e",
    "EscrowFundsReleased": "d7f542c14278f8bef2cd5cf86d1ad69fae1baee3e926844d9e36213d146ead94",
    "RefundProcessed": "512b6116886bf2909f39ac5b4fc712283d8fc8957d50951dfbaad4e7606a0fe1",
    "YieldGenerated": "bf4018813442e6f7a50c6a9f45dea117060297c101014cecc7b5faddb323688e",
    "ProposalCreated": "47a2aa5c08b3748005a89b7e0e9fa72c7117a4dc828ffc76e92b275d069317d4",
    "VoteCast": "cbdf6214089cba887ecbf35a0b6a734589959c9763342c756bb2a80ca2bc9f6e",
    "Transfer": "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
}

LAYOUTS = [
    (contract, kind, declaration)
    for declarations in (DECLARATIONS, PYTHON_DECLARATIONS)
    for contract, kinds in declarations.items()
    for kind, declaration in kinds
]
in_each_layout = pytest.mark.parametrize(
    ("contract", "kind", "declaration"), LAYOUTS, ids=[f"{contract}-{text}" for contract, _, text in LAYOUTS]
)
VALUES: dict[str, Any] = {
    "bytes32": bytes(range(32)),
    "address": INVESTOR.lower(),
    "uint256": 2**256 - 1,
    "uint64": 2**64 - 1,
    "uint8": 255,
    "bool": True,
}
# Empty, short, of exactly one word, of more than one, and beyond ASCII.
TEXTS = ("", "telebirr", "x" * 32, CAMPAIGN, "የኢትዮጵያ ቡና አክሲዮን ማህበር")


def arguments_of(declaration: str) -> list[tuple[str, bool]]:
    """The type of each argument, and whether it is indexed."""
    inside = declaration.partition("(")[2][:-1].split(",")
    return [(argument.removesuffix(" indexed"), argument.endswith(" indexed")) for argument in inside]


def signature_of(declaration: str) -> bytes:
    return keccak(declaration.replace(" indexed", "").encode())


def emitted(declaration: str, values: list[Any]) -> RawLog:
    """The log as the contract would emit it, encoded by a library that shares nothing with the reader."""
    arguments = arguments_of(declaration)
    topics, types, plain = [signature_of(declaration)], [], []
    for (type_, indexed), value in zip(arguments, values, strict=True):
        if not indexed:
            types.append(type_)
            plain.append(value)
        elif type_ == "string":
            topics.append(keccak(value.encode()))
        else:
            topics.append(encode([type_], [value]))
    return RawLog(EMITTER, tuple(topics), encode(types, plain))


def said(kind: type[Log], declaration: str, values: list[Any]) -> Log:
    """What the log must be read as."""
    read: list[Any] = []
    for field, (type_, indexed), value in zip(
        msgspec.structs.fields(kind), arguments_of(declaration), values, strict=True
    ):
        if type_ == "address":
            read.append(checksummed(value))
        elif field.type is HashedText:
            read.append(HashedText(keccak(value.encode()), None if indexed else value))
        else:
            read.append(value)
    return kind(**dict(zip(kind.__struct_fields__, read, strict=True)))


def example(declaration: str, *, text: str = CAMPAIGN) -> list[Any]:
    return [text if type_ == "string" else VALUES[type_] for type_, _ in arguments_of(declaration)]


@pytest.mark.parametrize("text", TEXTS, ids=["empty", "short", "one word", "id", "amharic"])
@in_each_layout
def test_a_log_is_read_field_by_field(contract: Contract, kind: type[Log], declaration: str, text: str) -> None:
    values = example(declaration, text=text)
    assert decode_legacy(emitted(declaration, values), contract=contract) == said(kind, declaration, values)


@given(data=st.data())
def test_a_log_is_read_field_by_field_whatever_it_says(data: st.DataObject) -> None:
    contract, kind, declaration = data.draw(st.sampled_from(LAYOUTS))
    any_value = {
        "string": st.text(st.characters(codec="utf-8"), max_size=100),
        "bytes32": st.binary(min_size=32, max_size=32),
        "address": st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
        "uint256": st.integers(0, 2**256 - 1),
        "uint64": st.integers(0, 2**64 - 1),
        "uint8": st.integers(0, 255),
        "bool": st.booleans(),
    }
    values = [data.draw(any_value[type_]) for type_, _ in arguments_of(declaration)]
    assert decode_legacy(emitted(declaration, values), contract=contract) == said(kind, declaration, values)


@in_each_layout
def test_signatures_are_the_ones_of_the_contracts_that_were_deployed(
    contract: Contract, kind: type[Log], declaration: str
) -> None:
    known = TOPICS.get(kind.__name__)
    assert known is None or signature_of(declaration).hex() == known
    assert contract in CONTRACTS


def test_every_quoted_signature_is_read() -> None:
    assert set(TOPICS) <= {kind.__name__ for kinds in DECLARATIONS.values() for kind, _ in kinds}


# Layouts and names that could be taken for each other.


def test_a_campaign_s_creation_is_the_same_in_both_layouts() -> None:
    values = [EMITTER, ISSUER, CAMPAIGN, "Ethiopian Coffee", 10**24, 1_767_225_600]
    ours = "CampaignCreated(address indexed,address indexed,string,string,uint256,uint256)"
    theirs = "CampaignCreated(address,address indexed,string,string,uint256,uint256)"
    created = l.CampaignCreated(
        campaign=EMITTER,
        creator=ISSUER,
        campaign_id=CAMPAIGN,
        company_name="Ethiopian Coffee",
        funding_goal=10**24,
        deadline_at_s=1_767_225_600,
    )
    logs = [emitted(declaration, values) for declaration in (ours, theirs)]
    assert [len(log.topics) for log in logs] == [3, 2]
    assert logs[0].topics[0] == logs[1].topics[0]
    assert [decode_legacy(log, contract="CampaignFactory") for log in logs] == [created, created]


def test_an_escrow_s_deposit_names_its_campaign_by_the_hash_alone_or_by_the_text_as_well() -> None:
    values = [CAMPAIGN, INVESTOR, 5 * 10**18, 9 * 10**18]
    for indexed, text in ((" indexed", None), ("", CAMPAIGN)):
        declaration = f"FundsDeposited(string{indexed},address indexed,uint256,uint256)"
        log = decode_legacy(emitted(declaration, values), contract="FundEscrow")
        assert log == l.FundsDeposited(
            campaign_id=HashedText(keccak(CAMPAIGN.encode()), text),
            investor=INVESTOR,
            amount=5 * 10**18,
            escrowed=9 * 10**18,
        )
        assert isinstance(log, l.FundsDeposited)
        assert log.campaign_id.is_of(CAMPAIGN)
        assert not log.campaign_id.is_of(CAMPAIGN.upper())


def test_a_name_that_two_contracts_share_is_read_by_the_contract() -> None:
    factory = emitted("CampaignCompleted(address indexed,string,uint256,bool)", [EMITTER, CAMPAIGN, 7, True])
    clone = emitted("CampaignCompleted(bool,uint256)", [True, 7])
    released = emitted("FundsReleased(uint256,uint256)", [7, 1])
    escrowed = emitted("FundsReleased(string indexed,address indexed,uint256,uint256)", [CAMPAIGN, ISSUER, 7, 1])
    places: tuple[Contract, ...] = ("CampaignFactory", "CampaignImplementation", "FundEscrow")
    read = [[type(decode_legacy(log, contract=place)) for place in places] for log in (factory, clone)]
    assert read == [
        [l.FactoryCampaignCompleted, type(None), type(None)],
        [type(None), l.CampaignCompleted, type(None)],
    ]
    read = [[type(decode_legacy(log, contract=place)) for place in places] for log in (released, escrowed)]
    assert read == [
        [type(None), l.CampaignFundsReleased, type(None)],
        [type(None), type(None), l.EscrowFundsReleased],
    ]


def test_a_transfer_of_coins_is_not_taken_for_one_of_a_certificate() -> None:
    certificate = emitted("Transfer(address indexed,address indexed,uint256 indexed)", [INVESTOR, ISSUER, 4])
    coins = emitted("Transfer(address indexed,address indexed,uint256)", [INVESTOR, ISSUER, 4])
    assert decode_legacy(certificate, contract="NFTShareCertificate") == Transfer(
        sender=INVESTOR, receiver=ISSUER, token_id=4
    )
    assert decode_legacy(coins, contract="NFTShareCertificate") is None
    assert decode_legacy(certificate, contract="FundEscrow") is None


@in_each_layout
def test_a_log_is_not_read_for_a_contract_that_does_not_log_it(
    contract: Contract, kind: type[Log], declaration: str
) -> None:
    log = emitted(declaration, example(declaration))
    logging = {place for place, kinds in DECLARATIONS.items() if kind in (k for k, _ in kinds)}
    assert {place for place in CONTRACTS if decode_legacy(log, contract=place) is not None} == logging
    assert contract in logging


# Garbage.


@in_each_layout
def test_a_log_of_another_shape_under_a_known_signature_is_refused(
    contract: Contract, kind: type[Log], declaration: str
) -> None:
    log = emitted(declaration, example(declaration))
    spoilt: list[dict[str, Any]] = [
        {"data": log.data + bytes(32)},
        {"data": log.data + b"\x00"},
        {"topics": (*log.topics, *[bytes(32)] * 4)},
        {"topics": ()},
        {"topics": (bytes(32), *log.topics[1:])},
        {"topics": (*log.topics[:-1], log.topics[-1] + b"\x00")},
    ]
    spoilt += [{"data": log.data[:end]} for end in range(len(log.data))]
    read = [decode_legacy(msgspec.structs.replace(log, **change), contract=contract) for change in spoilt]
    assert read == [None] * len(spoilt)


MEMORANDUM = emitted("InformationMemorandumUpdated(address indexed,string)", [ISSUER, "Qm" + "a" * 44])
LOCKED = emitted("ExclusivityLockSet(address indexed,bool)", [ISSUER, True])


@pytest.mark.parametrize(
    ("log", "change"),
    [
        (LOCKED, {"data": bytes(31) + b"\x02"}),
        (LOCKED, {"data": b"\x01" + bytes(31)}),
        (LOCKED, {"topics": (LOCKED.topics[0], b"\x01" + LOCKED.topics[1][1:])}),
        (MEMORANDUM, {"data": (64).to_bytes(32, "big") + MEMORANDUM.data[32:]}),
        (MEMORANDUM, {"data": (2**255).to_bytes(32, "big") + MEMORANDUM.data[32:]}),
        (MEMORANDUM, {"data": MEMORANDUM.data[:32] + (2**255).to_bytes(32, "big") + MEMORANDUM.data[64:]}),
        (MEMORANDUM, {"data": MEMORANDUM.data[:32] + (47).to_bytes(32, "big") + MEMORANDUM.data[64:-1] + b"\x01"}),
        (MEMORANDUM, {"data": MEMORANDUM.data[:64] + b"\xff\xfe" + MEMORANDUM.data[66:]}),
    ],
    ids=[
        "a truth that is two",
        "a truth on the left",
        "an address of 32 bytes",
        "a text that stands too far behind",
        "a text that stands nowhere",
        "a text of endless length",
        "a text not filled up with zeros",
        "a text that is no UTF-8",
    ],
)
def test_a_value_that_no_contract_would_write_is_refused(log: RawLog, change: dict[str, Any]) -> None:
    assert decode_legacy(log, contract="IssuerRegistry") is not None
    assert decode_legacy(msgspec.structs.replace(log, **change), contract="IssuerRegistry") is None


def test_a_number_larger_than_its_type_is_refused() -> None:
    initialized = emitted("Initialized(uint64)", [2**64 - 1])
    assert decode_legacy(initialized, contract="CampaignImplementation") == l.Initialized(version=2**64 - 1)
    larger = msgspec.structs.replace(initialized, data=(2**64).to_bytes(32, "big"))
    assert decode_legacy(larger, contract="CampaignImplementation") is None


SIGNATURES = sorted({signature_of(declaration) for _, _, declaration in LAYOUTS})
KINDS = {kind for kinds in DECLARATIONS.values() for kind, _ in kinds}


@given(
    st.sampled_from(CONTRACTS),
    st.lists(st.sampled_from(SIGNATURES) | st.binary(max_size=40), max_size=5),
    st.binary(max_size=300) | st.lists(st.sampled_from([bytes(32), b"\x20".rjust(32, b"\0")])).map(b"".join),
)
def test_reading_a_log_never_fails_whatever_it_holds(contract: Contract, topics: list[bytes], data: bytes) -> None:
    log = decode_legacy(RawLog(EMITTER, tuple(topics), data), contract=contract)
    assert log is None or type(log) in KINDS
