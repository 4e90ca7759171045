"""Verdicts: what a final slot did for a member, by its own log or by what the contract holds, and by nothing else."""

from __future__ import annotations

import msgspec
import pytest
from eth_abi.abi import encode

from abis import Log, RawLog, logs, revision_key, to_bytes32
from abis.hashing import keccak
from chain_writer.intents import IntentState, Kind, Member, Outcome
from chain_writer.verdicts import RELEASES_MAX, Said, by_content
from tests.unit.chain_writer.house import ALREADY, RECORDED, WALLET, name

TARGET = "0x" + "ab" * 20
KEY, LEAF, DIGEST, OTHER = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32, b"\x04" * 32
MEMBER = Member(
    nonce=1,
    intent=name("intent"),
    kind=Kind.RECORD_INVESTMENT,
    target=TARGET.upper().replace("0X", "0x"),
    natural_key=KEY,
    digest=DIGEST,
    leaf=LEAF,
    releases=0,
)
CONFLICT = "Conflict(bytes32,bytes32,bytes32,bytes32)"


def log(signature: str, *, key: bytes = KEY, leaf: bytes = LEAF, address: str = TARGET, data: bytes = b"") -> RawLog:
    return RawLog(address, (keccak(signature.encode()), key, leaf), data)


INVESTED = encode(["address", "uint256", "uint256"], [WALLET, 10_000, 100])


def test_its_own_log_says_that_it_is_recorded() -> None:
    verdict = Said([log(RECORDED, data=INVESTED)]).of(MEMBER)
    assert verdict is not None
    assert (verdict.outcome, verdict.state) == (Outcome.RECORDED, IntentState.LANDED)


LOGS: dict[Kind, type[Log]] = {
    Kind.REGISTER: logs.IssuerRegistered,
    Kind.CREATE_CAMPAIGN: logs.CampaignCreated,
    Kind.RECORD_INVESTMENT: logs.InvestmentRecorded,
    Kind.CLOSE: logs.CampaignClosed,
    Kind.ISSUE_CERTIFICATE: logs.CertificateIssued,
    Kind.RECORD_RELEASE: logs.ReleaseRecorded,
    Kind.RECORD_REFUND: logs.RefundRecorded,
    Kind.REVOKE_CERTIFICATE: logs.CertificateRevoked,
    Kind.REISSUE_CERTIFICATE: logs.CertificateReissued,
    Kind.APPROVE_TRANSFER: logs.TransferApproved,
    Kind.UPDATE: logs.IssuerUpdated,
    Kind.SET_ACTIVE: logs.IssuerActiveSet,
    Kind.LOCK: logs.ExclusivityLocked,
    Kind.UNLOCK: logs.ExclusivityReleased,
    Kind.SET_PAUSED: logs.PausedSet,
    Kind.SET_DEADLINE: logs.DeadlineSet,
}
REVISED = (Kind.UPDATE, Kind.SET_ACTIVE, Kind.LOCK, Kind.UNLOCK, Kind.SET_PAUSED, Kind.SET_DEADLINE)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_recorded_by_the_log_of_its_own_name_alone(kind: Kind) -> None:
    subject = name("subject")
    word, key = to_bytes32(subject), revision_key(subject, 0)
    member = msgspec.structs.replace(MEMBER, kind=kind, natural_key=key if kind in REVISED else word)
    for other, logged in {**LOGS, None: logs.CertificateTransferred}.items():
        declared = logs.DECLARATIONS[logged]
        raw = log(declared.replace(" indexed", ""), key=word, data=bytes(32 * (declared.count(",") - 1)))
        verdict = Said([raw]).of(member)
        assert (verdict is not None) == (other is kind), logged
        assert verdict is None or verdict.outcome is Outcome.RECORDED


@pytest.mark.parametrize("kind", REVISED)
def test_a_revision_is_recorded_by_the_log_of_this_very_revision(kind: Kind) -> None:
    subject = name("subject")
    declared = logs.DECLARATIONS[LOGS[kind]]
    raw = log(declared.replace(" indexed", ""), key=to_bytes32(subject), data=bytes(32 * (declared.count(",") - 1)))
    member = msgspec.structs.replace(MEMBER, kind=kind, natural_key=revision_key(subject, 1))
    assert Said([raw]).of(member) is None
    of_nobody = msgspec.structs.replace(raw, topics=(*raw.topics[:1], b"\xff" * 32, LEAF))
    assert Said([of_nobody]).of(member) is None


def test_already_recorded_is_landed_too() -> None:
    verdict = Said([log(ALREADY)]).of(MEMBER)
    assert verdict is not None
    assert (verdict.outcome, verdict.state) == (Outcome.ALREADY_RECORDED, IntentState.LANDED)


def test_a_conflict_is_rejected_and_says_what_is_there() -> None:
    verdict = Said([log(CONFLICT, data=OTHER + DIGEST)]).of(MEMBER)
    assert verdict is not None
    assert (verdict.outcome, verdict.state, verdict.code) == (Outcome.CONFLICT, IntentState.REJECTED, "conflict")
    assert OTHER.hex() in (verdict.reason or "")


@pytest.mark.parametrize(
    "other",
    [
        log(RECORDED, key=OTHER, data=INVESTED),
        log(RECORDED, leaf=OTHER, data=INVESTED),
        log(RECORDED, address="0x" + "cd" * 20, data=INVESTED),
        log(RECORDED, data=b""),
        log("Something(bytes32,bytes32)"),
        RawLog(TARGET, (), b""),
    ],
    ids=["another-key", "another-entry", "another-contract", "torn", "unknown", "anonymous"],
)
def test_no_other_log_says_anything_of_it(other: RawLog) -> None:
    assert Said([other]).of(MEMBER) is None


def test_without_a_log_its_own_digest_on_the_contract_is_landed() -> None:
    verdict = by_content(MEMBER, have=DIGEST, why="reverted")
    assert (verdict.outcome, verdict.state) == (Outcome.ALREADY_RECORDED, IntentState.LANDED)


def test_without_a_log_another_digest_is_a_conflict() -> None:
    assert by_content(MEMBER, have=OTHER, why="reverted").outcome is Outcome.CONFLICT


def test_nothing_on_the_contract_releases_it_and_says_why() -> None:
    verdict = by_content(MEMBER, have=bytes(32), why="reverted")
    assert (verdict.outcome, verdict.state, verdict.reason) == (Outcome.RELEASED, IntentState.QUEUED, "reverted")


def test_released_too_often_it_is_rejected() -> None:
    tired = msgspec.structs.replace(MEMBER, releases=RELEASES_MAX - 1)
    verdict = by_content(tired, have=bytes(32), why="reverted")
    assert (verdict.outcome, verdict.state, verdict.code) == (
        Outcome.RELEASED,
        IntentState.REJECTED,
        "never-recorded",
    )
