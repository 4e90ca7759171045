"""Why a contract of the platform replaced refused a call: by name, and in words where a name says different things."""

from __future__ import annotations

import msgspec
from eth_abi.abi import decode as decode_values
from eth_abi.exceptions import DecodingError

from abis.calls import selector
from abis.errors import Revert, decode_revert
from abis.legacy.layouts import Contract

CUSTOM_ERRORS = (
    "InvalidAddress()",
    "EmptyCampaignId()",
    "EmptyCompanyName()",
    "EmptyDescription()",
    "CampaignIdExists()",
    "Unauthorized()",
    "InvalidAmount()",
    "InvalidCampaignId()",
    "CampaignCompleted()",
    "FundsAlreadyReleased()",
    "CampaignWasSuccessful()",
    "InsufficientContractBalance()",
    "TransferFailed()",
    "CampaignNotActive()",
    "CampaignEnded()",
    "InvalidFundingGoal()",
    "InvalidDuration()",
    "PoolNotActive()",
    "AccessControlUnauthorizedAccount(address,bytes32)",
    "EnforcedPause()",
    "ExpectedPause()",
    "ReentrancyGuardReentrantCall()",
    "InvalidInitialization()",
    "ERC721NonexistentToken(uint256)",
    "ERC721InvalidReceiver(address)",
)

# What `require` said, to the letter: the factory, then the campaign, then the certificates.
REQUIREMENTS = {
    "Campaign ID required": "CampaignIdRequired",
    "Company name required": "CompanyNameRequired",
    "Funding goal must be positive": "FundingGoalNotPositive",
    "Invalid duration": "InvalidDuration",
    "Campaign ID already exists": "CampaignIdExists",
    "Implementation not set": "ImplementationNotSet",
    "Campaign not active": "CampaignNotActive",
    "Campaign not completed": "CampaignNotCompleted",
    "Fee too high": "FeeTooHigh",
    "Campaign ended": "CampaignEnded",
    "Campaign completed": "CampaignCompleted",
    "Campaign still active": "CampaignStillActive",
    "Campaign already completed": "CampaignAlreadyCompleted",
    "Creator cannot invest": "CreatorCannotInvest",
    "Investment amount must be positive": "AmountNotPositive",
    "Payment method required": "PaymentMethodRequired",
    "Transaction hash required": "ReferenceRequired",
    "Invalid investor": "InvalidInvestor",
    "Campaign was successful": "CampaignWasSuccessful",
    "Funds already released": "FundsAlreadyReleased",
    "No investment to refund": "NoInvestmentToRefund",
    "Share count must be positive": "SharesNotPositive",
    "Certificate does not exist": "CertificateUnknown",
}

# The same error says different things in different functions.
MEANINGS: dict[tuple[Contract, str], dict[str, str]] = {
    ("IssuerRegistry", "registerIssuer"): {
        "InvalidAddress": "the issuer's address is zero",
        "EmptyDescription": "the credential's hash or the memorandum's is empty",
        "CampaignIdExists": "the issuer is registered already, or was once",
    },
    ("IssuerRegistry", "setExclusivityLock"): {
        "Unauthorized": "the issuer is not active",
        "CampaignIdExists": "the issuer is locked already",
    },
    ("IssuerRegistry", "releaseExclusivityLock"): {"Unauthorized": "the issuer is not locked"},
    ("IssuerRegistry", "updateInformationMemorandum"): {"Unauthorized": "the sender is no active issuer"},
    ("FundEscrow", "createEscrowAccount"): {"CampaignIdExists": "the campaign has an account already"},
    ("FundEscrow", "depositFunds"): {
        "InvalidAmount": "no coin was sent",
        "InvalidCampaignId": "the campaign has no account",
        "CampaignCompleted": "the campaign's money is released or being refunded",
    },
    ("FundEscrow", "releaseFunds"): {
        "FundsAlreadyReleased": "the campaign's money is released already",
        "CampaignWasSuccessful": "the campaign's money is being refunded",
    },
}


def decode_legacy_revert(data: bytes, *, contract: Contract, function: str) -> Revert:
    """The refusal of this function of a contract of this class. Total: what cannot be decoded is given as hex.

    `code` is the error's name, for a text of `require` the name that it has here; `text` is its meaning there, else
    what the contract itself said.
    """
    revert = _custom(data) or _required(decode_revert(data))
    meaning = MEANINGS.get((contract, function), {}).get(revert.code)
    return revert if meaning is None else msgspec.structs.replace(revert, text=meaning)


def _custom(data: bytes) -> Revert | None:
    signature = _SIGNATURES.get(data[:4])
    if signature is None:
        return None
    name, _, inside = signature[:-1].partition("(")
    try:
        values = decode_values(inside.split(",") if inside else [], data[4:])
    except (DecodingError, ValueError, OverflowError):  # an address with more than 20 bytes is a ValueError
        return None
    shown = ", ".join(f"0x{value.hex()}" if isinstance(value, bytes) else str(value) for value in values)
    return Revert(name, f"{name}({shown})", custom=True)


def _required(revert: Revert) -> Revert:
    """What `require` said, by name: it is a rule of the contract that spoke."""
    name = REQUIREMENTS.get(revert.text)
    return revert if name is None else Revert(name, revert.text, custom=True)


_SIGNATURES = {selector(signature): signature for signature in CUSTOM_ERRORS}
