"""A remote signer: the same bytes as a key of one's own, whatever else it says is refused, and no lock waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from abis import calls
from chain_writer.errors import OperatorNeeded, SignatureInvalid, SignerRefused
from chain_writer.lane import Lane
from chain_writer.signer import KeySigner, Signer
from chain_writer.transactions import Fields
from chain_writer.web3signer import BODY_BYTES_MAX, SignerUnavailable, Web3Signer
from tests.support.web3signer import Web3SignerServer
from tests.unit.chain_writer.house import FINALITY_DEPTH, LANE, House, exhaust, name
from tests.unit.chain_writer.test_obligations import GENERATION

KEY, OTHER_KEY = "0x" + "4c" * 32, "0x" + "4d" * 32
OWN = KeySigner(KEY)
REGISTER = calls.register(company_id=name("c"), wallet=OWN.address, documents_hash=bytes(32), entry=b"\x01" * 32)
FIELDS = Fields(
    chain_id=100,
    nonce=7,
    to=GENERATION.addresses["IssuerRegistry"],
    data=REGISTER,
    gas_limit=100_000,
    gas_price_wei=10,
)
OPENED: list[Web3Signer] = []
SECRET = "8f" * 32  # what a signer out of its mind might say


@pytest.fixture
def server() -> Iterator[Web3SignerServer]:
    with Web3SignerServer([KEY, OTHER_KEY], chain_id=100) as running:
        yield running


@pytest.fixture
def remote(server: Web3SignerServer) -> Web3Signer:
    return remote_at(server.url)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def remote_at(url: str, *, address: str = OWN.address, timeout_s: float = 20.0, **trust: Any) -> Web3Signer:
    OPENED.append(Web3Signer(url, address=address, timeout_s=timeout_s, **trust))
    return OPENED[-1]


def altered(**changes: Any) -> Fields:
    return msgspec.structs.replace(FIELDS, **changes)


@pytest.mark.parametrize(
    "fields",
    [
        FIELDS,
        altered(nonce=0, gas_price_wei=0),
        altered(nonce=2**40, data=b"\x01" * 70_000),
        altered(to=OWN.address, data=b"", gas_limit=21_000),
        altered(tip_wei=3),
    ],
    ids=["a call", "zeros", "large", "a filler", "with a tip"],
)
def test_a_remote_signer_and_a_key_of_ones_own_sign_the_same_bytes(remote: Web3Signer, fields: Fields) -> None:
    signers: list[Signer] = [OWN, remote]

    assert signers[0].address == signers[1].address
    assert signers[0].sign(fields) == signers[1].sign(fields)


def test_every_field_is_named_to_the_signer_and_nothing_is_sent_by_it(
    server: Web3SignerServer, remote: Web3Signer
) -> None:
    remote.prove()
    remote.sign(FIELDS)

    assert [question["method"] for question in server.asked] == ["eth_accounts", "eth_signTransaction"]
    assert server.asked[1]["params"] == [
        {
            "from": OWN.address.lower(),
            "to": FIELDS.to.lower(),
            "data": "0x" + REGISTER.hex(),
            "nonce": "0x7",
            "gas": hex(100_000),
            "gasPrice": "0xa",
            "value": "0x0",
            "chainId": "0x64",
        }
    ]


def test_a_tip_is_named_with_the_most_that_gas_may_cost(server: Web3SignerServer, remote: Web3Signer) -> None:
    remote.sign(altered(tip_wei=3))

    (asked,) = server.asked[-1]["params"]
    assert (asked["maxFeePerGas"], asked["maxPriorityFeePerGas"]) == ("0xa", "0x3")
    assert "gasPrice" not in asked


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("nonce", {"nonce": 8}),
        ("value", {"value": 1}),
        ("chain_id", {"chainId": 101}),
        ("gas_price_wei", {"gasPrice": 11}),
        ("gas_limit", {"gas": 100_001}),
        ("to", {"to": OWN.address}),
        ("data", {"data": "0x"}),
    ],
)
def test_what_was_signed_otherwise_than_asked_is_not_believed(
    server: Web3SignerServer, remote: Web3Signer, field: str, change: dict[str, Any]
) -> None:
    server.change = lambda fields: fields | change
    with pytest.raises(SignatureInvalid, match=f"another {field} than"):
        remote.sign(FIELDS)


def test_a_signature_by_another_key_is_not_believed(server: Web3SignerServer, remote: Web3Signer) -> None:
    server.sign_with = OTHER_KEY
    with pytest.raises(SignatureInvalid, match="not of this lane's signer"):
        remote.sign(FIELDS)


def test_a_signer_without_the_lanes_key_is_found_out_at_the_start(server: Web3SignerServer) -> None:
    stranger = remote_at(server.url, address=KeySigner("0x" + "4e" * 32).address)
    with pytest.raises(SignerRefused, match="has no key of 0x"):
        stranger.prove()
    with pytest.raises(SignerRefused, match="no unlocked key"):
        stranger.sign(FIELDS)


def told(outcome: dict[str, Any], status: int = 200) -> tuple[int, str, bytes]:
    return status, "application/json", msgspec.json.encode({"jsonrpc": "2.0", "id": 1} | outcome)


@pytest.mark.parametrize(
    "reply",
    [
        (404, "text/plain", SECRET.encode()),
        (401, "text/plain", SECRET.encode()),
        (302, "text/plain", b""),
        (200, "text/html", f"<html>{SECRET}</html>".encode()),
        (200, "application/json", b""),
        (200, "application/json", b'{"id":1,"result":"0x' + b"00" * BODY_BYTES_MAX + b'"}'),
        (200, "application/json", b"[" * 100_000),
        told({"error": {"code": -32000, "message": SECRET}}),
        told({"error": {"code": -32602, "message": SECRET}}, status=400),
        told({"error": {"code": 12345, "message": SECRET}}),
        told({"result": SECRET}),
        told({"result": "0x" + SECRET}),
        told({"result": None}),
        told({"result": {"raw": "0x"}}),
        told({"result": "0x00", "id": 2}),
    ],
)
def test_a_signer_that_will_not_sign_needs_an_operator_and_is_not_quoted(
    server: Web3SignerServer, remote: Web3Signer, reply: tuple[int, str, bytes]
) -> None:
    server.reply = reply
    with pytest.raises(OperatorNeeded) as caught:
        remote.sign(FIELDS)
    assert SECRET[:16] not in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        (500, "text/html", SECRET.encode()),
        (503, "text/plain", b""),
        (429, "text/plain", b""),
        told({"error": {"code": -32603, "message": SECRET}}),
    ],
)
def test_a_signer_that_cannot_sign_now_is_asked_again(
    server: Web3SignerServer, remote: Web3Signer, reply: tuple[int, str, bytes]
) -> None:
    server.reply = reply
    with pytest.raises(SignerUnavailable) as caught:
        remote.sign(FIELDS)
    assert SECRET[:16] not in str(caught.value)

    server.behave()
    assert remote.sign(FIELDS) == OWN.sign(FIELDS)


def test_a_signer_that_hangs_or_is_gone_is_away(server: Web3SignerServer) -> None:
    hasty = remote_at(server.url, timeout_s=0.2)
    server.hold()
    with pytest.raises(SignerUnavailable, match="ReadTimeout"):
        hasty.sign(FIELDS)
    with pytest.raises(SignerUnavailable, match="ConnectError"):
        remote_at("http://127.0.0.1:1").sign(FIELDS)


@given(body=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
@settings(max_examples=60, deadline=None)
def test_no_body_whatsoever_is_taken_for_signed_bytes(running: Web3SignerServer, body: bytes) -> None:
    running.reply = (200, "application/json", body)
    with closing(remote_at(running.url)) as remote, pytest.raises(OperatorNeeded):
        remote.sign(FIELDS)


@given(result=st.binary(min_size=1, max_size=300))
@settings(max_examples=60, deadline=None)
def test_no_bytes_but_the_right_ones_are_taken_for_signed_bytes(running: Web3SignerServer, result: bytes) -> None:
    running.reply = told({"result": "0x" + result.hex()})
    with closing(remote_at(running.url)) as remote, pytest.raises(OperatorNeeded):
        remote.sign(FIELDS)


@pytest.fixture(scope="module")
def running() -> Iterator[Web3SignerServer]:
    with Web3SignerServer([KEY], chain_id=100) as one:
        yield one


# Whom we trust.


class Authority:
    """Certificates for 127.0.0.1, by an authority that nobody else knows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / "ca.pem"
        self._own = self._certificate("authority", self._key, authority=True)
        self.file.write_bytes(self._own.public_bytes(serialization.Encoding.PEM))

    def issue(self, common_name: str) -> tuple[Path, Path]:
        """The files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        files = (self._folder / f"{common_name}.pem", self._folder / f"{common_name}.key")
        certificate = self._certificate(common_name, key, authority=False)
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
        return files

    def _certificate(self, common_name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.Certificate:
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def test_only_a_signer_whom_the_given_authority_vouches_for_is_asked(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Web3SignerServer([KEY], chain_id=100, tls=authority.issue("signer")) as server:
        assert remote_at(server.url, ca_file=authority.file).sign(FIELDS) == OWN.sign(FIELDS)
        with pytest.raises(SignerRefused, match="TANDEM_SIGNER_CA_FILE"):
            remote_at(server.url).sign(FIELDS)
        assert len(server.asked) == 1


def test_a_signer_may_insist_on_our_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = authority.issue("signer")
    with Web3SignerServer([KEY], chain_id=100, tls=tls, clients=authority.file) as server:
        ours = remote_at(server.url, ca_file=authority.file, certificate=authority.issue("writer"))
        assert ours.sign(FIELDS) == OWN.sign(FIELDS)
        with pytest.raises((SignerRefused, SignerUnavailable)):
            remote_at(server.url, ca_file=authority.file).sign(FIELDS)
        assert len(server.asked) == 1


def test_files_that_are_no_certificates_are_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for trust in (
        {"ca_file": tmp_path / "absent.pem"},
        {"ca_file": tmp_path / "ca.pem"},
        {"certificate": (tmp_path / "ca.pem", tmp_path / "ca.pem")},
    ):
        with pytest.raises(SignerRefused, match=r"(absent|ca)\.pem"):
            remote_at("https://127.0.0.1:1", **trust)


# A lane with a remote signer.


@pytest.fixture
def signing(house: House) -> Iterator[Web3SignerServer]:
    with Web3SignerServer([house.chain.signer_key], chain_id=house.generation.chain_id) as running:
        yield running


def lane_of(house: House, url: str) -> Lane:
    return Lane(
        LANE,
        store=house.new_store(),
        node=house.new_node(),
        signer=remote_at(url, address=house.chain.signer),
        generation=house.generation,
        clock=lambda: house.now,
        owner="worker",
        gas_price_wei=0,
        gas_price_wei_max=0,
        finality_depth=FINALITY_DEPTH,
    )


def test_a_lane_posts_through_a_remote_signer(house: House, signing: Web3SignerServer) -> None:
    house.company()
    house.campaign()
    house.follow()

    house.settle(lane_of(house, signing.url))

    assert house.questions.counts() == {"landed": 2}
    assert {question["method"] for question in signing.asked} == {"eth_signTransaction"}


def test_what_a_signer_signs_wrongly_is_never_stored_and_the_lane_goes_on_once_it_is_right(
    house: House, signing: Web3SignerServer
) -> None:
    house.company()
    house.follow()
    lane = lane_of(house, signing.url)

    signing.change = lambda fields: fields | {"nonce": 5}
    with pytest.raises(SignatureInvalid):
        exhaust(lane)
    assert house.rows("SELECT FROM writer.slots") == []
    signing.reply = (503, "text/plain", b"")
    with pytest.raises(SignerUnavailable):
        exhaust(lane)
    assert house.rows("SELECT FROM writer.slots") == []

    signing.behave()
    house.settle(lane)
    assert house.questions.counts() == {"landed": 1}


def test_no_row_is_locked_while_a_slow_signer_signs(house: House, signing: Web3SignerServer) -> None:
    house.company()
    house.follow()
    lane = lane_of(house, signing.url)
    signing.hold()
    stepping = threading.Thread(target=exhaust, args=(lane,))

    stepping.start()
    signing.caught.wait()
    with psycopg.connect(house.database) as connection:
        held = connection.execute("SELECT state FROM writer.intents FOR UPDATE NOWAIT").fetchall()
        lanes = connection.execute("SELECT name FROM writer.lanes FOR UPDATE NOWAIT").fetchall()
    signing.release()
    stepping.join()

    assert (held, lanes) == ([("queued",)], [(LANE,)])
    house.settle(lane)
    assert house.questions.counts() == {"landed": 1}
