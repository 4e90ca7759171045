"""A remote signer that speaks Web3Signer's JSON-RPC: the key never comes here, and nothing that comes back is believed.

Asked is `eth_signTransaction` alone, with every field explicit: `eth_sendTransaction` takes a nonce of its own choice
and sends. Web3Signer signs for the chain it was started with (`--chain-id`), whatever it is asked for; it says "no
unlocked account" for a key it lacks and for a vault of its own that is away; unknown keys answer 200, bad parameters
400. What it says in its own words is never repeated here: a log is no place for a signer's secrets.
"""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec

from abis.hashing import checksummed
from chain_writer.errors import SignerRefused
from chain_writer.signer import Signed, verified
from chain_writer.transactions import Fields

BODY_BYTES_MAX = 512 * 1024  # twice the largest signed call in hex
READS_MAX = 1_024  # a body that drips in smaller pieces than this is no answer
BUSY = frozenset({408, 425, 429})  # and everything from 500 on: the signer is there, but not now

# What Web3Signer's error codes mean. An unlisted code is a refusal too.
INTERNAL_ERROR = -32603
_REFUSALS = {
    -32000: "has no unlocked key of this address, or cannot reach where it keeps it",
    -32602: "takes the parameters for invalid",
    -32604: "has the method switched off",
    -32601: "does not know the method: is it started in eth1 mode?",
    -40100: "does not let us in",
}

_Hex = Annotated[str, msgspec.Meta(pattern="^0x([0-9a-fA-F]{2})+$")]


class SignerUnavailable(httpx.HTTPError):
    """The remote signer gave no usable answer. Nothing was signed that we know of, nothing was stored; ask again."""


class _Error(msgspec.Struct, frozen=True):
    code: int = 0


class _Answer(msgspec.Struct, frozen=True):
    id: int
    result: Any = None
    error: _Error | None = None


_encode = msgspec.json.Encoder().encode
_answer = msgspec.json.Decoder(_Answer).decode


class Web3Signer:
    """One key of a remote signer, named by its address. Implements `chain_writer.signer.Signer`.

    `certificate` is our own certificate and its key, for a signer that asks who we are; `ca_file` holds who vouches for
    the signer's. `timeout_s` bounds the connecting and each wait for bytes. Raises SignerRefused for unusable files.
    """

    def __init__(
        self,
        url: str,
        *,
        address: str,
        timeout_s: float,
        ca_file: Path | None = None,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self._url = url
        self._address = checksummed(address)
        self._ids = itertools.count(1)
        self._client = httpx.Client(
            timeout=timeout_s,
            verify=_tls(ca_file, certificate) if url.startswith("https:") else _nobody(),
            trust_env=False,  # no proxy of the environment stands between us and the signer
            headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
        )

    @property
    def address(self) -> str:
        return self._address

    def prove(self) -> None:
        """Ask for the signer's accounts. Raises SignerRefused unless ours is among them."""
        try:
            accounts = msgspec.convert(self._ask("eth_accounts", []), list[str])
        except msgspec.ValidationError:
            raise SignerRefused("the remote signer lists its accounts in another form than asked") from None
        if self._address.lower() not in {account.lower() for account in accounts}:
            raise SignerRefused(f"the remote signer has no key of {self._address}; it has {len(accounts)} others")

    def sign(self, fields: Fields) -> Signed:
        """Raises SignerUnavailable, SignerRefused, or SignatureInvalid if the bytes are not what was asked for."""
        asked = {
            "from": self._address.lower(),
            "to": fields.to.lower(),
            "data": "0x" + fields.data.hex(),
            "nonce": hex(fields.nonce),
            "gas": hex(fields.gas_limit),
            **_price(fields),
            "value": hex(fields.value),
            "chainId": hex(fields.chain_id),
        }
        try:
            raw = msgspec.convert(self._ask("eth_signTransaction", [asked]), _Hex)
        except msgspec.ValidationError:
            raise SignerRefused("the remote signer answers with something else than signed bytes") from None
        return verified(bytes.fromhex(raw[2:]), fields=fields, address=self._address)

    def close(self) -> None:
        self._client.close()

    def __repr__(self) -> str:
        return f"Web3Signer({self._address})"

    def _ask(self, method: str, params: Sequence[Any]) -> Any:
        id_ = next(self._ids)
        status, body = self._post(_encode({"jsonrpc": "2.0", "id": id_, "method": method, "params": params}))
        if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in BUSY:
            raise SignerUnavailable(f"the remote signer answers {method} with status {status}")
        try:
            answer = _answer(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise SignerRefused(
                f"what answers {method} with status {status} is no Web3Signer: look at TANDEM_SIGNER_URL"
            ) from None
        if answer.error is not None:
            raise _refusal(method, answer.error.code)
        if answer.id != id_ or status != httpx.codes.OK:
            raise SignerRefused(f"the remote signer answers {method} with status {status} to another question")
        return answer.result

    def _post(self, question: bytes) -> tuple[int, bytes]:
        """Status and body. The body is read in pieces, and not at all beyond its bound."""
        try:
            with self._client.stream("POST", self._url, content=question) as response:
                body = b""
                for reads, piece in enumerate(response.iter_raw()):
                    body += piece
                    if len(body) > BODY_BYTES_MAX or reads > READS_MAX:
                        raise SignerRefused(f"the remote signer's answer is larger than {BODY_BYTES_MAX} bytes")
                return response.status_code, body
        except httpx.TransportError as error:
            if _is_about_trust(error):
                raise SignerRefused(
                    "the remote signer and we do not trust each other's certificates: look at TANDEM_SIGNER_CA_FILE"
                    " and TANDEM_SIGNER_CERTIFICATE_FILE"
                ) from None
            raise SignerUnavailable(f"the remote signer is away: {type(error).__name__}") from None


def _price(fields: Fields) -> dict[str, str]:
    """What the gas may cost, in the words of the tx's kind."""
    if fields.tip_wei is None:
        return {"gasPrice": hex(fields.gas_price_wei)}
    return {"maxFeePerGas": hex(fields.gas_price_wei), "maxPriorityFeePerGas": hex(fields.tip_wei)}


def _refusal(method: str, code: int) -> Exception:
    """What to raise for an error that Web3Signer answered with."""
    if code == INTERNAL_ERROR:
        return SignerUnavailable(f"the remote signer failed at {method} by itself (code {code})")
    return SignerRefused(f"the remote signer {_REFUSALS.get(code, 'refuses')} ({method}, code {code})")


def _tls(ca_file: Path | None, certificate: tuple[Path, Path] | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
        if certificate is not None:
            context.load_cert_chain(*certificate, password=_no_passphrase)
    except (OSError, ValueError) as error:  # ssl's own errors among them
        named = [str(path) for path in (ca_file, *(certificate or ())) if path is not None]
        raise SignerRefused(f"{', '.join(named)}: no usable certificates in PEM ({type(error).__name__})") from None
    return context


def _nobody() -> ssl.SSLContext:
    """Trusts no certificate whatsoever: for an address where none is looked at."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _no_passphrase() -> str:
    """Asked for by an encrypted key: without this, the library would ask on the terminal and wait."""
    raise ValueError("the key of the certificate is encrypted")


def _is_about_trust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
