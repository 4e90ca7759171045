"""Groups 1 to 3: a failure of anvil in Edge's words and codes. Codes mean nothing there, so the texts are exact."""

from __future__ import annotations

import re

import msgspec

from tests.support.edge.dialect import Dialect
from tests.support.edge.wire import HANDLER_FAILED, METHOD_MISSING, PARAMS_INVALID, PARAMS_WRONG, Failure

ERROR_STRING = "0x08c379a0"  # the selector of Error(string): the only revert whose text Edge decodes

# What anvil says of a tx, by how it begins -> what Edge's pool says.
OF_TXS = {
    "transaction already imported": "already known",
    "replacement transaction underpriced": "replacement tx underpriced",
    "Insufficient funds for gas * price + value": "insufficient funds for gas * price + value",
    "intrinsic gas too high -- CallGasCost": "not enough gas supplied for intrinsic gas costs",
    "intrinsic gas too high": "exceeds block gas limit",
    "max fee per gas less than block base fee": "transaction underpriced",
    "invalid chain id for signer": "insufficient funds for gas * price + value",
    "EIP-1559 style fee params": ("transaction type not supported: type 2 rejected, london hardfork is not enabled"),
    "Access list received": "unknown transaction type: 1",
    "Failed to decode transaction": "cannot parse RLP: malformed",
    "unknown block": "block not found",
}

# What revm calls it -> what Edge's EVM calls it.
OF_THE_EVM = {
    "NotActivated": "opcode not found",
    "InvalidFEOpcode": "opcode not found",
    "OpcodeNotFound": "opcode not found",
    "OutOfGas": "out of gas",
    "MemoryOOG": "out of gas",
    "InvalidJump": "invalid jump destination",
    "StackUnderflow": "stack underflow (0 <=> 1)",
    "StackOverflow": "stack overflow",
    "StateChangeDuringStaticCall": "write protection",
    "CallNotAllowedInsideStatic": "write protection",
    "CreateCollision": "contract address collision",
    "CreateContractSizeLimit": "max code size exceeded",
    "OutOfFunds": "insufficient balance for transfer",
}

_OUT_OF_RANGE = re.compile(r"BlockOutOfRangeError: .* requested was (\d+)")
_EVM_ERROR = re.compile(r"EVM error (\w+)")


def shaped(failure: Failure, *, method: str, dialect: Dialect, gas_max: int) -> Failure:
    """A failure of anvil as Edge would give it. `gas_max` is what an estimate ended at: the given gas, or a block's."""
    known = failure
    if dialect.reverts and method in ("eth_call", "eth_estimateGas"):
        known = _executed(known, estimating=method == "eth_estimateGas", gas_max=gas_max, dialect=dialect)
    if dialect.error_texts and known is failure:
        known = _told(known, replaceable=dialect.replacement)
    if dialect.error_codes:
        known = _coded(known, recognised=known is not failure, method=method, dialect=dialect)
    return known


def method_missing(method: str) -> Failure:
    return Failure(METHOD_MISSING, f"the method {method} does not exist/is not available")


def header_missing(number: int) -> Failure:
    """What methods that read the state say of a block that the node does not have."""
    text = f"failed to get the header of block {number}: error fetching block number {number} header"
    return Failure(HANDLER_FAILED, text)


def hash_missing(block_hash: str) -> Failure:
    return Failure(HANDLER_FAILED, f"could not find block referenced by the hash {block_hash}")


def _coded(failure: Failure, *, recognised: bool, method: str, dialect: Dialect) -> Failure:
    """Anvil's parameters that it could not read are invalid; everything else is the handler's."""
    if failure.code == METHOD_MISSING:
        return failure
    if failure.code == PARAMS_WRONG and not recognised:
        return PARAMS_INVALID
    code = dialect.get_logs_error_code if method == "eth_getLogs" else HANDLER_FAILED
    return Failure(code, failure.message, failure.data)


def _told(failure: Failure, *, replaceable: bool) -> Failure:
    out_of_range = _OUT_OF_RANGE.search(failure.message)
    if out_of_range:
        return header_missing(int(out_of_range.group(1)))
    for begins, text in OF_TXS.items():
        if failure.message.startswith(begins):
            old = text == "replacement tx underpriced" and not replaceable
            # Until v1.3.0 it had the name of another error.
            return Failure(failure.code, "transaction underpriced" if old else text, failure.data)
    return failure


def _executed(failure: Failure, *, estimating: bool, gas_max: int, dialect: Dialect) -> Failure:
    """A revert, or an error of the EVM, of a call or an estimate."""
    beyond = f"unable to apply transaction even for the highest gas limit {gas_max}: "
    if failure.message.startswith("execution reverted"):
        with_text = isinstance(failure.data, str) and failure.data.startswith(ERROR_STRING)
        text = failure.message if with_text else "execution reverted"
        has_data = dialect.revert_data and failure.data not in ("0x", None, msgspec.UNSET)
        data = failure.data if has_data else msgspec.UNSET
        return Failure(HANDLER_FAILED, (beyond if estimating else "") + text, data)
    error = _error_of_the_evm(failure.message)
    if error is None:
        return failure
    if not estimating:
        return Failure(HANDLER_FAILED, f"unable to execute call: {error}")
    return Failure(HANDLER_FAILED, beyond + error if error == "out of gas" else error)


def _error_of_the_evm(message: str) -> str | None:
    if message.startswith("Out of gas"):
        return "out of gas"
    if message.startswith("Insufficient funds"):
        return "insufficient balance for transfer"
    named = _EVM_ERROR.search(message)
    return OF_THE_EVM.get(named.group(1), named.group(1)) if named else None
