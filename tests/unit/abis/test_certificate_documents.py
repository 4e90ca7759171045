"""What a certificate says: its document, byte for byte and for ever, and the chain's word for where and what it is."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from eth_abi.abi import decode as decode_values
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from abis import calls, token_id
from abis.calls import selector
from abis.certificates import HASH_BYTES, content_hash, content_hash_of, document, token_uri
from abis.hashing import keccak
from abis.logs import AlreadyRecorded, BatchMetadataUpdate, Conflict
from ops.contracts import base_uri_of
from tests.support.chain import BASE_URI
from tests.unit.abis.ledger import (
    CAMPAIGN,
    HOLDER,
    HOLDER_KEY,
    INVESTOR,
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
INVESTMENT = UUID("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")
OF: dict[str, Any] = {"investment_id": INVESTMENT, "campaign_id": CAMPAIGN, "shares": 40, "entry": entry(7)}
DOCUMENT = (
    b'{"campaign_id":"80000000-0000-0000-0000-0000000000ca",'
    b'"certificate_id":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",'
    b'"description":"Shares allotted for investment 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9 in campaign '
    b'80000000-0000-0000-0000-0000000000ca: 40. The register on the chain says who holds them.",'
    b'"entry":"0000000000000000000000000000000000000000000000000000000000000007",'
    b'"format":"tandem-certificate-1",'
    b'"name":"Share certificate 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9","shares":"40"}'
)


def uri(ledger: LedgerOnChain, token: int = 1) -> str:
    answer = ledger.chain.rpc.read(ledger.addresses[PLACE], selector("tokenURI(uint256)") + token.to_bytes(32, "big"))
    (text,) = decode_values(["string"], answer)
    return str(text)


# The document.


def test_a_document_is_the_same_bytes_for_ever() -> None:
    assert document(**OF) == DOCUMENT
    assert content_hash_of(**OF) == content_hash(DOCUMENT) == sha256(DOCUMENT).digest()[:24]


@given(st.uuids(), st.uuids(), st.integers(1, 2**64 - 1), st.binary(min_size=32, max_size=32))
def test_a_document_is_canonical_json_that_says_all_that_it_was_made_from(
    investment_id: UUID, campaign_id: UUID, shares: int, leaf: bytes
) -> None:
    made = document(investment_id=investment_id, campaign_id=campaign_id, shares=shares, entry=leaf)
    said = json.loads(made)
    assert json.dumps(said, sort_keys=True, separators=(",", ":")).encode() == made
    assert (said["certificate_id"], said["campaign_id"]) == (str(investment_id), str(campaign_id))
    assert (said["shares"], said["entry"]) == (str(shares), leaf.hex())


# The chain's word for it.


def test_a_token_uri_says_where_the_document_is_and_by_what_hash_it_is_known(ledger: LedgerOnChain) -> None:
    member = calls.CertificateMember(INVESTMENT, CAMPAIGN, INVESTOR, 40, content_hash_of(**OF), entry(7))
    ledger.closed(investment(1), successful=True).post(PLACE, calls.issue_certificates([member]))
    token = token_id(INVESTMENT)
    assert uri(ledger, token) == token_uri(BASE_URI, investment_id=INVESTMENT, content_hash=content_hash_of(**OF))
    assert uri(ledger, token) == (
        f"{BASE_URI}0a1b2c3d4e5f60718293a4b5c6d7e8f9/metadata#sha256-192={sha256(DOCUMENT).hexdigest()[:48]}"
    )


@pytest.mark.parametrize("number", [1, 2**64, 2**128 - 1])
def test_the_id_in_a_token_uri_has_all_its_digits(ledger: LedgerOnChain, number: int) -> None:
    ledger.closed(investment(1), successful=True).post(PLACE, calls.issue_certificates([certificate(number)]))
    assert uri(ledger, number).removeprefix(BASE_URI)[:32] == f"{number:032x}"


def test_only_a_certificate_that_somebody_holds_has_a_uri_and_a_hash(ledger: LedgerOnChain) -> None:
    asked = selector("tokenURI(uint256)") + (1).to_bytes(32, "big")
    of = "contentHashOf(uint256)"
    kept = int.from_bytes(certificate(1).content_hash + bytes(32 - HASH_BYTES), "big")
    ledger.closed(investment(1), successful=True)
    assert ledger.refused(PLACE, asked).text == "ERC721NonexistentToken(1)"
    assert ledger.ask(PLACE, of, 1) == 0
    ledger.post(PLACE, calls.issue_certificates([certificate(1)]))
    assert ledger.ask(PLACE, of, 1) == kept
    ledger.post(PLACE, revoke())
    assert ledger.refused(PLACE, asked).text == "ERC721NonexistentToken(1)"
    assert ledger.ask(PLACE, of, 1) == 0


def test_a_document_stays_the_same_whoever_holds_the_certificate(ledger: LedgerOnChain) -> None:
    first = uri(ledger.certified())
    ledger.post(PLACE, approve_transfer())
    ledger.post(PLACE, transfer_from(HOLDER, INVESTOR), key=HOLDER_KEY)
    assert uri(ledger) == first
    ledger.post(PLACE, revoke(change=UUID(int=2**127 + 1)))
    ledger.post(PLACE, reissue(holder=HOLDER, change=UUID(int=2**127 + 2)))
    assert uri(ledger) == first
    assert ledger.ask(PLACE, "sharesOf(uint256)", 1) == 40


def test_the_document_is_a_part_of_what_is_recorded(ledger: LedgerOnChain) -> None:
    ledger.closed(investment(1), successful=True)
    assert len(ledger.post(PLACE, calls.issue_certificates([certificate(1)]))) == 3
    content = [CAMPAIGN.bytes + bytes(16), INVESTOR, 40, certificate(1).content_hash]
    digest = keccak(encode(["bytes32", "address", "uint256", "bytes24"], content))
    assert ledger.ask(PLACE, "digestOf(bytes32)", bytes(31) + b"\x01") == int.from_bytes(digest, "big")
    (again,) = ledger.post(PLACE, calls.issue_certificates([certificate(1)]))
    (other,) = ledger.post(PLACE, calls.issue_certificates([certificate(1, content=b"\xcd" * HASH_BYTES)]))
    assert (type(again), type(other)) == (AlreadyRecorded, Conflict)
    assert uri(ledger).endswith(certificate(1).content_hash.hex())


@pytest.mark.parametrize(
    "wrong",
    [
        certificate(1, content=bytes(HASH_BYTES)),
        certificate(1, shares=2**64),
        certificate(1, shares=2**64 + 40),
        certificate(1, shares=0),
        certificate(1, holder=ZERO),
    ],
    ids=["no-document", "too-many-shares", "too-many-shares-whose-last-bits-are-few", "no-shares", "no-holder"],
)
def test_a_certificate_that_is_not_whole_is_refused(ledger: LedgerOnChain, wrong: calls.CertificateMember) -> None:
    ledger.closed(investment(1), successful=True)
    data = calls.issue_certificates([certificate(2), wrong])
    assert ledger.refused(PLACE, data).text == "CertificateInvalid(1)"


def test_a_token_that_is_no_investment_is_refused(ledger: LedgerOnChain) -> None:
    ledger.closed(investment(1), successful=True)
    row = (2**128, CAMPAIGN.bytes + bytes(16), INVESTOR, 40, b"\xcd" * HASH_BYTES, entry(1))
    types = calls.SIGNATURES["issueCertificates"].removeprefix("issueCertificates(")[:-1]
    data = selector(calls.SIGNATURES["issueCertificates"]) + encode([types], [[row]])
    assert ledger.refused(PLACE, data).text == f"CertificateInvalid({2**128})"


def test_as_many_shares_as_one_word_takes_beside_the_hash_are_kept(ledger: LedgerOnChain) -> None:
    ledger.closed(investment(1), successful=True)
    ledger.post(PLACE, calls.issue_certificates([certificate(1, shares=2**64 - 1, content=b"\xff" * HASH_BYTES)]))
    assert ledger.ask(PLACE, "sharesOf(uint256)", 1) == 2**64 - 1
    assert uri(ledger).endswith("f" * 48)


# Where the documents are.


def test_the_admin_alone_says_where_the_documents_are_and_the_log_says_that_it_has_changed(
    ledger: LedgerOnChain,
) -> None:
    ledger.certified()
    moved, admin = calls.set_base_uri("https://elsewhere.example/"), ledger.chain.deployer_key
    assert ledger.refused(PLACE, moved).code == "AccessControlUnauthorizedAccount"
    logs = ledger.post(PLACE, moved, key=admin)
    assert logs == [BatchMetadataUpdate(first_token_id=0, last_token_id=2**256 - 1)]
    assert base_uri_of(ledger.chain.rpc, ledger.chain.generation) == "https://elsewhere.example/"
    assert uri(ledger) == token_uri(
        "https://elsewhere.example/", investment_id=UUID(int=1), content_hash=certificate(1).content_hash
    )


def test_token_uris_begin_with_something(ledger: LedgerOnChain) -> None:
    nowhere = calls.set_base_uri("")
    assert ledger.refused(PLACE, nowhere, key=ledger.chain.deployer_key).code == "BaseURIMissing"
