"""The certificates on a chain: issued after a success, taken back, entered anew, and moved only as was approved."""

from __future__ import annotations

import itertools
from uuid import UUID

import pytest
from eth_abi.abi import decode as decode_values
from eth_abi.abi import encode
from eth_account import Account
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abis import calls, to_bytes32
from abis.calls import selector
from abis.hashing import keccak
from abis.logs import (
    AlreadyRecorded,
    CertificateIssued,
    CertificateReissued,
    CertificateRevoked,
    CertificateTransferred,
    Locked,
    Transfer,
    TransferApproved,
    Unlocked,
)
from ops.rpc import RpcRefused
from tests.unit.abis.ledger import (
    CAMPAIGN,
    CHANGE,
    EVIDENCE,
    HOLDER,
    HOLDER_KEY,
    INVESTOR,
    ISSUER,
    ZERO,
    LedgerOnChain,
    approve_transfer,
    certificate,
    entry,
    investment,
    reissue,
    revoke,
    transfer_from,
)

PLACE = "NFTShareCertificate"
MEMBERS = (investment(1), investment(2))
ISSUE = calls.issue_certificates([certificate(1), certificate(2)])
OTHER, THIRD = UUID(int=2**127 + 0xC5), UUID(int=2**127 + 0xC6)
OTHER_KEY = "0x" + "6b" * 32
OTHER_HOLDER: str = Account.from_key(OTHER_KEY).address


def holder_of(ledger: LedgerOnChain, token: int = 1) -> int:
    return ledger.ask(PLACE, "ownerOf(uint256)", token)


# Issuing.


def test_certificates_are_issued_after_the_success(ledger: LedgerOnChain) -> None:
    logs = ledger.closed(*MEMBERS, successful=True).post(PLACE, ISSUE)
    assert [type(log) for log in logs] == [Transfer, Locked, CertificateIssued] * 2
    assert logs[2] == CertificateIssued(
        token_id=1,
        entry=entry(2_001),
        campaign_id=to_bytes32(CAMPAIGN),
        holder=INVESTOR,
        shares=40,
        content_hash=certificate(1).content_hash,
    )
    assert holder_of(ledger) == int(INVESTOR, 16)
    assert ledger.ask(PLACE, "sharesOf(uint256)", 1) == 40
    assert ledger.ask(PLACE, "locked(uint256)", 1) == 1


def test_no_certificate_without_a_success_a_holder_or_shares(ledger: LedgerOnChain) -> None:
    assert ledger.recorded(*MEMBERS).refused(PLACE, ISSUE).code == "CampaignNotSuccessful"
    for nobody in (UUID(int=9), UUID(int=0)):
        unknown = calls.issue_certificates([certificate(1, campaign=nobody)])
        assert ledger.refused(PLACE, unknown).code == "CampaignNotSuccessful"
    for wrong in (certificate(1, holder=ZERO), certificate(1, shares=0)):
        assert ledger.refused(PLACE, calls.issue_certificates([wrong])).code == "CertificateInvalid"
    ledger.post("campaign", calls.close(successful=False, raised=80_000, entry=entry(9)))
    assert ledger.refused(PLACE, ISSUE).code == "CampaignNotSuccessful"


@pytest.mark.parametrize("how", ["transferFrom", "safeTransferFrom"])
def test_a_certificate_does_not_move_even_by_its_holders_hand(ledger: LedgerOnChain, how: str) -> None:
    """Seed rule 9."""
    move = transfer_from(HOLDER, INVESTOR, how=how)
    assert ledger.certified().refused(PLACE, move, key=HOLDER_KEY).text == "CertificateLocked(1)"


def test_certificates_say_which_standards_they_keep(ledger: LedgerOnChain) -> None:
    for interface in (
        "80ac58cd",
        "5b5e139f",
        "b45a3c0e",
        "49064906",
        "01ffc9a7",
    ):  # ERC-721 and its metadata, 5192, 4906, 165
        assert ledger.ask(PLACE, "supportsInterface(bytes4)", bytes.fromhex(interface)) == 1


# Revoking and reissuing.


def test_a_revoked_certificate_is_held_by_nobody_and_counts_for_no_shares(ledger: LedgerOnChain) -> None:
    assert ledger.certified().post(PLACE, revoke()) == [
        Transfer(sender=HOLDER, receiver=ZERO, token_id=1),
        CertificateRevoked(change_id=to_bytes32(CHANGE), entry=entry(4), token_id=1, holder=HOLDER, evidence=EVIDENCE),
    ]
    assert ledger.ask(PLACE, "sharesOf(uint256)", 1) == 0
    assert ledger.ask(PLACE, "revokedFrom(uint256)", 1) == int(HOLDER, 16)
    for question in ("ownerOf(uint256)", "locked(uint256)"):
        asked = selector(question) + (1).to_bytes(32, "big")
        assert ledger.refused(PLACE, asked).text == "ERC721NonexistentToken(1)"


def test_a_revoked_certificate_comes_back_with_its_shares_and_says_who_held_it(ledger: LedgerOnChain) -> None:
    ledger.certified().post(PLACE, revoke())
    assert ledger.post(PLACE, reissue(change=OTHER)) == [
        Transfer(sender=ZERO, receiver=INVESTOR, token_id=1),
        Locked(token_id=1),
        CertificateReissued(
            change_id=to_bytes32(OTHER),
            entry=entry(5),
            token_id=1,
            previous=HOLDER,
            holder=INVESTOR,
            evidence=EVIDENCE,
        ),
    ]
    assert ledger.ask(PLACE, "sharesOf(uint256)", 1) == 40
    assert ledger.ask(PLACE, "revokedFrom(uint256)", 1) == 0
    assert holder_of(ledger) == int(INVESTOR, 16)


@pytest.mark.parametrize("holder", [INVESTOR, HOLDER], ids=["another", "the-same"])
def test_a_certificate_that_is_held_is_taken_and_entered_anew(ledger: LedgerOnChain, holder: str) -> None:
    assert ledger.certified().post(PLACE, reissue(holder=holder)) == [
        Transfer(sender=HOLDER, receiver=ZERO, token_id=1),
        Transfer(sender=ZERO, receiver=holder, token_id=1),
        Locked(token_id=1),
        CertificateReissued(
            change_id=to_bytes32(CHANGE),
            entry=entry(5),
            token_id=1,
            previous=HOLDER,
            holder=holder,
            evidence=EVIDENCE,
        ),
    ]
    assert (holder_of(ledger), ledger.ask(PLACE, "sharesOf(uint256)", 1)) == (int(holder, 16), 40)
    assert ledger.ask(PLACE, "balanceOf(address)", holder) == 1


def test_whom_the_former_holder_allowed_has_no_say_after_a_reissue(ledger: LedgerOnChain) -> None:
    allow = selector("approve(address,uint256)") + encode(["address", "uint256"], [OTHER_HOLDER, 1])
    ledger.certified().post(PLACE, allow, key=HOLDER_KEY)
    ledger.post(PLACE, reissue())
    ledger.post(PLACE, approve_transfer(to=ISSUER, change=OTHER))
    move = transfer_from(INVESTOR, ISSUER)
    assert ledger.refused(PLACE, move, key=OTHER_KEY).code == "ERC721InsufficientApproval"


# Approved transfers.


def test_an_approval_lets_the_holder_move_the_certificate_once_and_locks_it_again(ledger: LedgerOnChain) -> None:
    assert ledger.certified().post(PLACE, approve_transfer(to=OTHER_HOLDER)) == [
        Unlocked(token_id=1),
        TransferApproved(
            change_id=to_bytes32(CHANGE),
            entry=entry(6),
            token_id=1,
            holder=HOLDER,
            receiver=OTHER_HOLDER,
            evidence=EVIDENCE,
        ),
    ]
    assert ledger.ask(PLACE, "locked(uint256)", 1) == 0
    assert ledger.post(PLACE, transfer_from(HOLDER, OTHER_HOLDER), key=HOLDER_KEY) == [
        Transfer(sender=HOLDER, receiver=OTHER_HOLDER, token_id=1),
        Locked(token_id=1),
        CertificateTransferred(
            change_id=to_bytes32(CHANGE), entry=entry(6), token_id=1, sender=HOLDER, receiver=OTHER_HOLDER
        ),
    ]
    assert ledger.ask(PLACE, "locked(uint256)", 1) == 1
    assert ledger.ask(PLACE, "sharesOf(uint256)", 1) == 40
    back = transfer_from(OTHER_HOLDER, HOLDER)
    assert ledger.refused(PLACE, back, key=OTHER_KEY).text == "CertificateLocked(1)"
    (repeated,) = ledger.post(PLACE, approve_transfer(to=OTHER_HOLDER))
    assert isinstance(repeated, AlreadyRecorded)
    assert ledger.ask(PLACE, "locked(uint256)", 1) == 1, "an approval is not used twice"


@pytest.mark.parametrize("how", ["transferFrom", "safeTransferFrom"])
def test_an_approved_transfer_goes_to_the_approved_receiver_alone(ledger: LedgerOnChain, how: str) -> None:
    ledger.certified().post(PLACE, approve_transfer())
    for receiver in (ISSUER, HOLDER):
        move = transfer_from(HOLDER, receiver, how=how)
        assert ledger.refused(PLACE, move, key=HOLDER_KEY).text == "CertificateLocked(1)"
    nowhere = transfer_from(HOLDER, ZERO, how=how)
    assert ledger.refused(PLACE, nowhere, key=HOLDER_KEY).code == "ERC721InvalidReceiver"
    ledger.post(PLACE, transfer_from(HOLDER, INVESTOR, how=how), key=HOLDER_KEY)
    assert holder_of(ledger) == int(INVESTOR, 16)


def test_an_approved_transfer_is_made_by_the_holder_or_whom_the_holder_allowed(ledger: LedgerOnChain) -> None:
    ledger.certified().post(PLACE, approve_transfer())
    move = transfer_from(HOLDER, INVESTOR)
    for stranger in (ledger.chain.signer_key, ledger.chain.deployer_key, OTHER_KEY):
        assert ledger.refused(PLACE, move, key=stranger).code == "ERC721InsufficientApproval"
    allow = selector("approve(address,uint256)") + encode(["address", "uint256"], [OTHER_HOLDER, 1])
    ledger.post(PLACE, allow, key=HOLDER_KEY)
    ledger.post(PLACE, move, key=OTHER_KEY)
    assert holder_of(ledger) == int(INVESTOR, 16)


def test_a_later_approval_takes_the_place_of_one_that_was_not_used(ledger: LedgerOnChain) -> None:
    ledger.certified().post(PLACE, approve_transfer())
    (log,) = ledger.post(PLACE, approve_transfer(to=ISSUER, change=OTHER, leaf=7))
    assert isinstance(log, TransferApproved)
    assert ledger.refused(PLACE, transfer_from(HOLDER, INVESTOR), key=HOLDER_KEY).code == "CertificateLocked"
    moved = ledger.post(PLACE, transfer_from(HOLDER, ISSUER), key=HOLDER_KEY)[-1]
    assert isinstance(moved, CertificateTransferred)
    assert (moved.change_id, moved.entry) == (to_bytes32(OTHER), entry(7))


def test_what_was_approved_ends_when_the_certificate_is_taken_back(ledger: LedgerOnChain) -> None:
    ledger.certified().post(PLACE, approve_transfer())
    ledger.post(PLACE, revoke(change=OTHER))
    ledger.post(PLACE, reissue(holder=HOLDER, change=THIRD))
    assert ledger.ask(PLACE, "locked(uint256)", 1) == 1
    assert ledger.refused(PLACE, transfer_from(HOLDER, INVESTOR), key=HOLDER_KEY).code == "CertificateLocked"


# Refusals, digests, restrictions.


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (revoke(7), "CertificateNotHeld(7)"),
        (revoke(2), "CertificateNotHeld(2)"),
        (reissue(7), "CertificateNotIssued(7)"),
        (reissue(1, holder=ZERO), "CertificateInvalid(1)"),
        (approve_transfer(7), "CertificateNotHeld(7)"),
        (approve_transfer(2), "CertificateNotHeld(2)"),
        (approve_transfer(1, to=ZERO), f"ReceiverInvalid(1, {ZERO})"),
        (approve_transfer(1, to=HOLDER), f"ReceiverInvalid(1, {HOLDER.lower()})"),
        *((call(evidence=bytes(32)), f"EvidenceMissing(0x{to_bytes32(CHANGE).hex()})") for call in (revoke, reissue)),
        (approve_transfer(evidence=bytes(32)), f"EvidenceMissing(0x{to_bytes32(CHANGE).hex()})"),
        *((call(leaf=0), "EntryMissing()") for call in (revoke, reissue, approve_transfer)),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(ledger: LedgerOnChain, data: bytes, text: str) -> None:
    # given one certificate that is held, 1, and one that is revoked, 2
    ledger.closed(*MEMBERS, successful=True)
    ledger.post(PLACE, calls.issue_certificates([certificate(1, holder=HOLDER), certificate(2)]))
    ledger.post(PLACE, revoke(2, change=OTHER))

    assert ledger.refused(PLACE, data).text == text


@pytest.mark.parametrize(
    ("data", "holder", "kind"),
    [(revoke(), ZERO, 1), (reissue(), INVESTOR, 2), (approve_transfer(), INVESTOR, 3)],
    ids=["revoke", "reissue", "approve"],
)
def test_a_change_s_digest_says_token_holder_evidence_and_kind(
    ledger: LedgerOnChain, data: bytes, holder: str, kind: int
) -> None:
    ledger.certified().post(PLACE, data)
    content = encode(["uint256", "address", "bytes32", "uint8"], [1, holder, EVIDENCE, kind])
    kept = ledger.ask(PLACE, "digestOf(bytes32)", to_bytes32(CHANGE))
    assert kept.to_bytes(32, "big") == keccak(content)


KEYS = {HOLDER: HOLDER_KEY, OTHER_HOLDER: OTHER_KEY}


def restriction(ledger: LedgerOnChain, sender: str, receiver: str) -> int:
    return ledger.ask(PLACE, "detectTransferRestriction(address,address,uint256)", sender, receiver, 1)


def passes(ledger: LedgerOnChain, sender: str, receiver: str) -> bool:
    """Whether the sender's own transfer would pass now."""
    data = "0x" + transfer_from(sender, receiver).hex()
    try:
        ledger.chain.rpc.call("eth_call", {"from": sender, "to": ledger.addresses[PLACE], "data": data}, "latest")
    except RpcRefused:
        return False
    return True


def test_each_restriction_has_its_code_and_its_words(ledger: LedgerOnChain) -> None:
    ledger.closed(investment(1), successful=True)
    codes = [restriction(ledger, HOLDER, OTHER_HOLDER)]
    ledger.post(PLACE, calls.issue_certificates([certificate(1, holder=HOLDER)]))
    codes.append(restriction(ledger, OTHER_HOLDER, HOLDER))
    codes.append(restriction(ledger, HOLDER, OTHER_HOLDER))
    ledger.post(PLACE, approve_transfer(to=OTHER_HOLDER))
    codes.append(restriction(ledger, HOLDER, INVESTOR))
    codes.append(restriction(ledger, HOLDER, OTHER_HOLDER))
    ledger.post(PLACE, revoke(change=OTHER))
    codes.append(restriction(ledger, HOLDER, OTHER_HOLDER))
    assert codes == [1, 2, 3, 4, 0, 1]

    def words(code: int) -> str:
        question = selector("messageForTransferRestriction(uint8)") + code.to_bytes(32, "big")
        (text,) = decode_values(["string"], ledger.chain.rpc.read(ledger.addresses[PLACE], question))
        return str(text)

    assert len({words(code) for code in range(6)}) == 6
    assert words(0) == "Nothing restricts this transfer."
    assert words(5) == words(255) == "No restriction has this code."


steps = st.tuples(st.sampled_from(["revoke", "reissue", "approve", "transfer"]), st.sampled_from(sorted(KEYS)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(steps, max_size=6))
def test_what_is_said_of_a_transfer_agrees_with_what_it_does_whatever_went_before(
    ledger: LedgerOnChain, history: list[tuple[str, str]]
) -> None:
    snapshot = ledger.chain.rpc.call("evm_snapshot")
    ledger.certified()
    for number, (verb, somebody) in enumerate(history):
        change = UUID(int=2**127 + number)
        receiver = next(address for address in KEYS if address != somebody)
        data = {
            "revoke": revoke(change=change),
            "reissue": reissue(holder=somebody, change=change),
            "approve": approve_transfer(to=receiver, change=change),
            "transfer": transfer_from(somebody, receiver),
        }[verb]
        ledger.chain.send(ledger.addresses[PLACE], data, key=KEYS[somebody] if verb == "transfer" else None)
        for sender, to in itertools.product(KEYS, (*KEYS, INVESTOR)):
            assert (restriction(ledger, sender, to) == 0) == passes(ledger, sender, to)
    ledger.chain.rpc.call("evm_revert", snapshot)
