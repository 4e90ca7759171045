"""Why the contracts of the platform replaced refused, by name and in words."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import example, given
from hypothesis import strategies as st

from abis.calls import selector
from abis.legacy import CONTRACTS, Contract, decode_legacy_revert
from abis.legacy.errors import CUSTOM_ERRORS, MEANINGS, REQUIREMENTS

# As the platform's own sources give them.
SELECTORS = {
    "InvalidAddress": "e6c4247b",
    "EmptyCampaignId": "724aeaa2",
    "EmptyCompanyName": "fde8dd8d",
    "EmptyDescription": "d937d5df",
    "CampaignIdExists": "82706ec5",
    "Unauthorized": "82b42900",
    "InvalidAmount": "2c5211c6",
    "InvalidCampaignId": "6824bccd",
    "CampaignCompleted": "47768825",
    "FundsAlreadyReleased": "5c1508a7",
    "CampaignWasSuccessful": "3ee132b7",
    "InsufficientContractBalance": "786e0a99",
    "TransferFailed": "90b8ec18",
    "CampaignNotActive": "433528b6",
    "CampaignEnded": "553ae054",
    "InvalidFundingGoal": "aa62a164",
    "InvalidDuration": "76166401",
    "PoolNotActive": "71815202",
    "AccessControlUnauthorizedAccount": "e2517d3f",
    "EnforcedPause": "d93c0665",
    "ExpectedPause": "8dfc202b",
    "ReentrancyGuardReentrantCall": "3ee5aeb5",
    "InvalidInitialization": "f92ee8a9",
    "ERC721NonexistentToken": "7e273289",
    "ERC721InvalidReceiver": "64a0ae92",
}
ERROR = selector("Error(string)")
INVESTOR = "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359"


def required(text: str) -> bytes:
    """What `require` reverts with."""
    return bytes(ERROR + encode(["string"], [text]))


def test_every_custom_error_has_the_selector_of_the_contracts_that_were_deployed() -> None:
    assert {s.partition("(")[0]: selector(s).hex() for s in CUSTOM_ERRORS} == SELECTORS


@pytest.mark.parametrize("signature", CUSTOM_ERRORS)
def test_every_custom_error_is_told_by_its_name(signature: str) -> None:
    types = [t for t in signature.partition("(")[2][:-1].split(",") if t]
    values = [{"address": INVESTOR, "bytes32": bytes(32), "uint256": 7}[t] for t in types]
    revert = decode_legacy_revert(
        selector(signature) + encode(types, values), contract="DAOGovernance", function="vote"
    )
    assert (revert.code, revert.custom) == (signature.partition("(")[0], True)


def test_the_values_of_a_custom_error_are_told() -> None:
    data = selector("AccessControlUnauthorizedAccount(address,bytes32)")
    data += encode(["address", "bytes32"], [INVESTOR, b"\x97" * 32])
    revert = decode_legacy_revert(data, contract="CampaignImplementation", function="recordInvestment")
    assert revert.text == f"AccessControlUnauthorizedAccount({INVESTOR}, 0x{'97' * 32})"


@pytest.mark.parametrize("text", REQUIREMENTS)
def test_every_text_of_a_requirement_has_a_name(text: str) -> None:
    revert = decode_legacy_revert(required(text), contract="CampaignFactory", function="createCampaign")
    assert (revert.code, revert.text, revert.custom) == (REQUIREMENTS[text], text, True)


def test_the_names_of_requirements_are_all_different() -> None:
    assert len(set(REQUIREMENTS.values())) == len(REQUIREMENTS) == 23


@pytest.mark.parametrize(
    ("contract", "function", "text"),
    [
        ("IssuerRegistry", "registerIssuer", "the issuer is registered already, or was once"),
        ("IssuerRegistry", "setExclusivityLock", "the issuer is locked already"),
        ("FundEscrow", "createEscrowAccount", "the campaign has an account already"),
        ("FundEscrow", "depositFunds", "CampaignIdExists()"),
    ],
)
def test_one_error_says_different_things_in_different_functions(contract: Contract, function: str, text: str) -> None:
    revert = decode_legacy_revert(selector("CampaignIdExists()"), contract=contract, function=function)
    assert (revert.code, revert.text, revert.custom) == ("CampaignIdExists", text, True)


def test_every_meaning_is_of_an_error_that_is_known() -> None:
    known = {signature.partition("(")[0] for signature in CUSTOM_ERRORS}
    assert {code for meanings in MEANINGS.values() for code in meanings} <= known
    assert {contract for contract, _ in MEANINGS} <= set(CONTRACTS)


def test_what_was_never_one_of_their_errors_is_told_as_it_is() -> None:
    for data, code, text in (
        (required("ran out of coffee"), "reverted", "ran out of coffee"),
        (b"", "reverted", "reverted without a reason"),
        (selector("Panic(uint256)") + encode(["uint256"], [0x11]), "panic", "arithmetic overflow"),
        (b"\x12\x34\x56\x78", "unknown-error", "reverted with unknown data 0x12345678"),
        (selector("ERC721NonexistentToken(uint256)"), "unknown-error", "reverted with unknown data 0x7e273289"),
    ):
        revert = decode_legacy_revert(data, contract="CampaignFactory", function="createCampaign")
        assert (revert.code, revert.text, revert.custom) == (code, text, False)


@given(
    st.sampled_from([b"", ERROR, *map(selector, CUSTOM_ERRORS)]), st.binary(max_size=200), st.sampled_from(CONTRACTS)
)
@example(ERROR, encode(["uint256", "uint256"], [32, 2]) + b"\xff\xfe" + bytes(30), "FundEscrow")
@example(selector("ERC721InvalidReceiver(address)"), b"\xff" * 32, "NFTShareCertificate")
def test_what_cannot_be_read_never_fails(head: bytes, rest: bytes, contract: Contract) -> None:
    revert = decode_legacy_revert(head + rest, contract=contract, function="releaseFunds")
    assert revert.code
    assert revert.text
