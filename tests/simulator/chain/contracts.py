"""Our contracts as a model: the same calls, the same refusals, the same logs as the Solidity, for fiat campaigns.

Every call that the writer makes, and what others do that it meets: roles, the factory's pause, a holder's transfer.
Left out are the coin (deposits, credits, emergencies), the anchors and the base of token URIs. A test plays the same
calls to the model and to the contracts on a real chain, and compares what both say.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from abis import Generation
from abis import logs as l
from abis.calls import SIGNATURES, selector
from tests.simulator.chain import campaigns, certificates, escrow, issuers
from tests.simulator.chain.running import ADMIN_ROLE, Done, Reverted, Run, State, Words, address_in, integer

DIGEST_OF = selector("digestOf(bytes32)")
HAS_DIGESTS = frozenset({"IssuerRegistry", "CampaignFactory", "Campaign", "NFTShareCertificate", "FundEscrow"})
CALLS_REMEMBERED = 4_096

# What each type holds the head of its word to.
_ZEROS_BEFORE = {"address": 12, "uint64": 24, "uint8": 31}
_ZEROS_FROM = {"bytes24": 24}  # and the tail


# What all contracts with roles have, and the factory's pause.


def _grant_role(run: Run, words: Words) -> None:
    role, account = words
    if role == ADMIN_ROLE:
        raise Reverted("AccessControlEnforcedDefaultAdminRules")
    run.only(ADMIN_ROLE)
    if not run.has(role, address_in(account), at=run.to):
        run.put(True, run.to, "role", role, address_in(account))
        run.log(l.RoleGranted, role, account, run.sender)


def _revoke_role(run: Run, words: Words) -> None:
    role, account = words
    if role == ADMIN_ROLE:
        raise Reverted("AccessControlEnforcedDefaultAdminRules")
    run.only(ADMIN_ROLE)
    if run.has(role, address_in(account), at=run.to):
        run.put(None, run.to, "role", role, address_in(account))
        run.log(l.RoleRevoked, role, account, run.sender)


def _pause(run: Run, _words: Words) -> None:
    run.only(ADMIN_ROLE)
    if run.get(run.to, "paused"):
        raise Reverted("EnforcedPause")
    run.put(True, run.to, "paused")
    run.log(l.Paused, run.sender)


def _unpause(run: Run, _words: Words) -> None:
    run.only(ADMIN_ROLE)
    if not run.get(run.to, "paused"):
        raise Reverted("ExpectedPause")
    run.put(None, run.to, "paused")
    run.log(l.Unpaused, run.sender)


ROLES = {"grantRole(bytes32,address)": _grant_role, "revokeRole(bytes32,address)": _revoke_role}
METHODS: dict[str, dict[str, Callable[[Run, Any], None]]] = {
    "IssuerRegistry": {
        **ROLES,
        SIGNATURES["register"]: issuers.register,
        SIGNATURES["update"]: issuers.update,
        SIGNATURES["setActive"]: issuers.set_active,
        SIGNATURES["lock"]: issuers.lock,
        SIGNATURES["unlock"]: issuers.unlock,
    },
    "CampaignFactory": {
        **ROLES,
        SIGNATURES["createCampaign"]: issuers.create_campaign,
        "pause()": _pause,
        "unpause()": _unpause,
    },
    "CampaignImplementation": {},  # the template itself can never be used as a campaign
    "Campaign": {
        SIGNATURES["recordInvestments"]: campaigns.record_investments,
        SIGNATURES["close"]: campaigns.close,
        SIGNATURES["setPaused"]: campaigns.set_paused,
        SIGNATURES["setDeadline"]: campaigns.set_deadline,
    },
    "NFTShareCertificate": {
        **ROLES,
        SIGNATURES["issueCertificates"]: certificates.issue_certificates,
        SIGNATURES["revoke"]: certificates.revoke,
        SIGNATURES["reissue"]: certificates.reissue,
        SIGNATURES["approveTransfer"]: certificates.approve_transfer,
        "transferFrom(address,address,uint256)": certificates.transfer_from,
    },
    "FundEscrow": {
        **ROLES,
        SIGNATURES["recordRelease"]: escrow.record_release,
        SIGNATURES["recordRefunds"]: escrow.record_refunds,
    },
    "JournalAnchor": {**ROLES},
}
_BY_SELECTOR = {
    contract: {selector(signature): (method, signature) for signature, method in methods.items()}
    for contract, methods in METHODS.items()
}


class Contracts(msgspec.Struct, frozen=True):
    """The contracts of one generation. Holds nothing: a state goes in, changes come out."""

    generation: Generation

    def call(self, state: State, *, sender: str, to: str, data: bytes, value: int, timestamp_s: int) -> Done:
        """Addresses in lower case. Raises Reverted. Without code at the address it succeeds and does nothing."""
        contract = state.get((to, "code"))
        if contract is None:
            return Done({}, (), 0)
        found = _BY_SELECTOR[contract].get(data[:4])
        if found is None or value:
            raise Reverted
        method, signature = found
        run = Run(state, self.generation, sender=sender, to=to, timestamp_s=timestamp_s)
        method(run, _arguments(signature, data[4:]))
        return Done(run.changes, tuple(run.logs), run.gas)


def view(state: State, *, to: str, data: bytes) -> bytes:
    """The one question that the house asks a contract: what it holds under a key. Raises Reverted."""
    contract = state.get((to, "code"))
    if contract is None:
        return b""
    if data[:4] != DIGEST_OF or len(data) < 36 or contract not in HAS_DIGESTS:
        raise Reverted
    have: bytes = state.get((to, "digest", data[4:36])) or bytes(32)
    return have


@lru_cache(CALLS_REMEMBERED)
def _arguments(signature: str, body: bytes) -> tuple[Any, ...]:
    """The words of a call, checked as Solidity checks them; of an array, its members' words. Raises Reverted."""
    inside = signature[signature.index("(") + 1 : -1]
    if not inside.startswith("("):
        return _words(inside.split(",") if inside else [], body)
    types = inside[1:-3].split(",")
    rows = body[integer(body[:32]) :]
    count, width = integer(rows[:32]), 32 * len(types)
    if len(rows) < 32 + count * width:
        raise Reverted
    return tuple(_words(types, rows[32 + place * width :]) for place in range(count))


def _words(types: list[str], body: bytes) -> tuple[bytes, ...]:
    if len(body) < 32 * len(types):
        raise Reverted
    words = tuple(body[32 * place : 32 * place + 32] for place in range(len(types)))
    for type_, word in zip(types, words, strict=True):
        if any(word[: _ZEROS_BEFORE.get(type_, 0)]) or any(word[_ZEROS_FROM.get(type_, 32) :]):
            raise Reverted
        if type_ == "bool" and integer(word) > 1:
            raise Reverted
    return words
