"""Signers and the policy: only what is allowed is signed, only what was asked for is believed, no key is ever shown."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import msgspec
import pytest
import rlp  # type: ignore[import-untyped]
from eth_account import Account

from abis import calls, campaign_address
from abis.generation import CONTRACTS
from chain_writer.batches import GAS_PER_TX_MAX
from chain_writer.errors import KeystoreInvalid, PolicyBroken, SignatureInvalid
from chain_writer.policy import DATA_BYTES_MAX, GAS_PER_FILLER, Policy
from chain_writer.signer import KeySigner, Passphrase, load_keystore, verified
from chain_writer.transactions import Fields, read_back
from tests.unit.chain_writer.house import name
from tests.unit.chain_writer.test_obligations import GENERATION

KEY = "0x" + "4c" * 32
SIGNER = KeySigner(KEY)
REGISTRY = GENERATION.addresses["IssuerRegistry"]
REGISTER = calls.register(company_id=name("c"), wallet=SIGNER.address, documents_hash=bytes(32), entry=b"\x01" * 32)
POLICY = Policy(GENERATION, signer=SIGNER.address, gas_price_wei_max=10)
FIELDS = Fields(chain_id=100, nonce=0, to=REGISTRY, data=REGISTER, gas_limit=100_000, gas_price_wei=10)


def altered(**changes: object) -> Fields:
    return msgspec.structs.replace(FIELDS, **changes)


@pytest.mark.parametrize("tip_wei", [None, 3])
@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 2**40])
@pytest.mark.parametrize("size", [0, 1, 55, 56, 300, 70_000])
def test_what_is_signed_reads_back_as_what_was_asked_for(nonce: int, size: int, tip_wei: int | None) -> None:
    fields = altered(nonce=nonce, data=b"\x01" * size, tip_wei=tip_wei)

    signed = SIGNER.sign(fields)

    assert read_back(signed.raw) == fields
    assert signed.hash == "0x" + bytes(Account.from_key(KEY).sign_transaction(as_dict(fields)).hash).hex()


@pytest.mark.parametrize(
    "asked",
    [
        altered(chain_id=101),
        altered(nonce=1),
        altered(to=GENERATION.addresses["FundEscrow"]),
        altered(data=REGISTER + b"\x00"),
        altered(gas_limit=100_001),
        altered(gas_price_wei=9),
        altered(value=1),
        altered(tip_wei=0),
    ],
)
def test_bytes_that_differ_in_any_field_are_not_believed(asked: Fields) -> None:
    raw = SIGNER.sign(FIELDS).raw
    with pytest.raises(SignatureInvalid):
        verified(raw, fields=asked, address=SIGNER.address)


def test_bytes_of_another_signer_are_not_believed() -> None:
    raw = KeySigner("0x" + "4d" * 32).sign(FIELDS).raw
    with pytest.raises(SignatureInvalid):
        verified(raw, fields=FIELDS, address=SIGNER.address)


@pytest.mark.parametrize("tip_wei", [None, 1])
def test_torn_or_padded_bytes_are_not_believed(tip_wei: int | None) -> None:
    raw = SIGNER.sign(altered(tip_wei=tip_wei)).raw
    for other in (b"", raw[:-1], raw + b"\x00", raw[1:], b"\x80" + raw, b"\xc0"):
        with pytest.raises(SignatureInvalid):
            read_back(other)


def test_a_number_in_another_form_is_not_believed() -> None:
    words = rlp.decode(SIGNER.sign(FIELDS).raw)
    assert read_back(rlp.encode(words)) == FIELDS
    for place in (0, 1, 2, 7, 8):
        with pytest.raises(SignatureInvalid, match="another form"):
            read_back(rlp.encode([b"\x00" + word if n == place else word for n, word in enumerate(words)]))


def test_a_tx_with_a_list_of_slots_is_not_believed() -> None:
    asked = as_dict(altered(tip_wei=1)) | {"accessList": [{"address": REGISTRY, "storageKeys": []}]}
    raw = bytes(Account.from_key(KEY).sign_transaction(asked).raw_transaction)
    with pytest.raises(SignatureInvalid):
        read_back(raw)


def test_a_key_is_never_shown_or_written_down() -> None:
    assert "4c4c" not in f"{SIGNER!r}{SIGNER}"
    with pytest.raises(TypeError):
        pickle.dumps(SIGNER)


def test_a_keystore_gives_its_signer_and_its_errors_tell_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lane-0.json"
    path.write_text(json.dumps(Account.encrypt(KEY, "open sesame", kdf="pbkdf2", iterations=2)))

    assert load_keystore(path, Passphrase("open sesame")).address == SIGNER.address
    with pytest.raises(KeystoreInvalid) as caught:
        load_keystore(path, Passphrase("wrong secret"))
    assert "wrong secret" not in str(caught.value)
    with pytest.raises(KeystoreInvalid):
        load_keystore(tmp_path / "absent.json", Passphrase("x"))
    path.write_text("{}")
    with pytest.raises(KeystoreInvalid):
        load_keystore(path, Passphrase("x"))


def test_a_call_of_ours_to_its_contract_may_be_signed() -> None:
    POLICY.check(FIELDS, campaigns=())
    with pytest.raises(PolicyBroken):
        POLICY.check(altered(chain_id=FIELDS.chain_id + 1), campaigns=())


def test_a_campaigns_own_calls_may_go_to_its_contract_only() -> None:
    data = calls.close(successful=True, raised=1, entry=b"\x01" * 32)
    to = campaign_address(GENERATION, name("campaign"))
    POLICY.check(altered(to=to, data=data), campaigns=[name("campaign")])
    with pytest.raises(PolicyBroken):
        POLICY.check(altered(to=to, data=data), campaigns=[name("other")])
    with pytest.raises(PolicyBroken):
        POLICY.check(altered(to=to, data=REGISTER), campaigns=[name("campaign")])


CHANGE = {"change_id": name("change"), "investment_id": name("investment"), "evidence": bytes(32), "entry": bytes(32)}


@pytest.mark.parametrize(
    "data",
    [
        calls.issue_certificates([]),
        calls.revoke_certificate(**CHANGE),
        calls.reissue_certificate(holder=SIGNER.address, **CHANGE),
        calls.approve_transfer(to=SIGNER.address, **CHANGE),
    ],
    ids=["issue", "revoke", "reissue", "approve"],
)
def test_the_certificates_contract_takes_all_calls_of_its_own_and_no_other_takes_them(data: bytes) -> None:
    POLICY.check(altered(to=GENERATION.addresses["NFTShareCertificate"], data=data), campaigns=())
    assert POLICY.is_ours(to=GENERATION.addresses["NFTShareCertificate"], data=data)
    with pytest.raises(PolicyBroken):
        POLICY.check(altered(to=GENERATION.addresses["FundEscrow"], data=data), campaigns=())


@pytest.mark.parametrize("contract", [c for c in CONTRACTS if c != "IssuerRegistry"])
def test_a_call_may_not_go_to_a_contract_that_is_not_its_own(contract: str) -> None:
    with pytest.raises(PolicyBroken):
        POLICY.check(altered(to=GENERATION.addresses[contract]), campaigns=[name("campaign")])


@pytest.mark.parametrize(
    "fields",
    [
        altered(chain_id=1),
        altered(value=1),
        altered(gas_price_wei=11),
        altered(tip_wei=11),
        altered(gas_limit=GAS_PER_TX_MAX + 1),
        altered(data=REGISTER + bytes(DATA_BYTES_MAX)),
        altered(to="0x" + "ff" * 20),
        altered(data=b""),
        altered(data=b"\xde\xad\xbe\xef"),
        altered(to=SIGNER.address, data=b"", gas_limit=GAS_PER_FILLER + 1),
        altered(to=SIGNER.address, data=b"\x00"),
    ],
)
def test_nothing_else_is_signed(fields: Fields) -> None:
    with pytest.raises(PolicyBroken):
        POLICY.check(fields, campaigns=[name("campaign")])


def test_a_filler_may_be_signed() -> None:
    POLICY.check(altered(to=SIGNER.address, data=b"", gas_limit=GAS_PER_FILLER), campaigns=())
    with pytest.raises(PolicyBroken):
        POLICY.check(altered(to=SIGNER.address, data=b"\x01", gas_limit=GAS_PER_FILLER), campaigns=())


def as_dict(fields: Fields) -> dict[str, object]:
    if fields.tip_wei is None:
        price = {"gasPrice": fields.gas_price_wei}
    else:
        price = {"maxFeePerGas": fields.gas_price_wei, "maxPriorityFeePerGas": fields.tip_wei}
    return price | {
        "chainId": fields.chain_id,
        "nonce": fields.nonce,
        "to": fields.to,
        "data": fields.data,
        "gas": fields.gas_limit,
        "value": fields.value,
    }
