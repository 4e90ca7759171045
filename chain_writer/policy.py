"""What may be signed at all: checked over the very fields that go to the signer, whoever asks for them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec

from abis import Generation, campaign_address
from abis.calls import SIGNATURES, selector
from chain_writer.batches import GAS_PER_TX_MAX
from chain_writer.errors import PolicyBroken, SpendingExceeded
from chain_writer.intents import Spent
from chain_writer.transactions import Fields

DATA_BYTES_MAX = 100_000  # Polygon Edge takes 128 KiB
GAS_PER_FILLER = 21_000  # a transfer of nothing to oneself

# The contract that owns each call. A campaign's own calls go to the contract of that campaign.
_CALLS = {
    "IssuerRegistry": ("register", "update", "setActive", "lock", "unlock"),
    "CampaignFactory": ("createCampaign",),
    "NFTShareCertificate": ("issueCertificates", "revoke", "reissue", "approveTransfer"),
    "FundEscrow": ("recordRelease", "recordRefunds"),
}
_CAMPAIGN_CALLS = ("recordInvestments", "close", "setPaused", "setDeadline")

_SELECTORS = {name: selector(signature) for name, signature in SIGNATURES.items()}


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """At most so much a lane within the last hours: wei of fees, and gas, which alone is a bound where gas is free.

    Both by the gas limit of what was signed: the worst case. Without `gas_max`, gas is bounded by its fees alone.
    """

    fees_wei_max: int
    window_h: int
    gas_max: int | None = None

    def concerns(self, fields: Fields) -> bool:
        """Whether a tx costs anything that is bounded."""
        return self.gas_max is not None or cost_of(fields).fees_wei > 0

    def check(self, fields: Fields, *, spent: Spent) -> None:
        """Raise SpendingExceeded unless it allows one more tx. `spent` is what all other nonces cost at most."""
        asked = cost_of(fields)
        after = spent + asked
        if asked.fees_wei and after.fees_wei > self.fees_wei_max:
            self._refuse(
                f"nonce {fields.nonce} asks for {asked.fees_wei} wei of fees, {spent.fees_wei} of {self.fees_wei_max}"
                " wei are spent",
                "TANDEM_FEES_WEI_MAX",
            )
        if self.gas_max is not None and after.gas > self.gas_max:
            self._refuse(
                f"nonce {fields.nonce} asks for {asked.gas} gas, {spent.gas} of {self.gas_max} are used",
                "TANDEM_GAS_MAX",
            )

    def _refuse(self, what: str, setting: str) -> None:
        raise SpendingExceeded(
            f"{what} within {self.window_h} h: it goes on as that window moves on, or raise {setting}"
        )


def cost_of(fields: Fields) -> Spent:
    """What a tx costs at most."""
    return Spent(fields.gas_limit, fields.gas_limit * fields.gas_price_wei)


class Policy:
    """The rules of one lane: its chain, its contracts, its signer, its price cap."""

    def __init__(self, generation: Generation, *, signer: str, gas_price_wei_max: int) -> None:
        self._generation = generation
        self._signer = signer.lower()
        self._gas_price_wei_max = gas_price_wei_max
        self._allowed = {
            generation.addresses[contract].lower(): {_SELECTORS[name] for name in names}
            for contract, names in _CALLS.items()
        }

    def check(self, fields: Fields, *, campaigns: Collection[UUID]) -> None:
        """Raise PolicyBroken unless every rule allows it. `campaigns` are those whose contracts may be addressed."""
        rules = (
            (fields.chain_id == self._generation.chain_id, f"chain {fields.chain_id} is not ours"),
            (fields.value == 0, "no coin is ever sent"),
            (fields.gas_price_wei <= self._gas_price_wei_max, f"{fields.gas_price_wei} wei is above the price cap"),
            ((fields.tip_wei or 0) <= fields.gas_price_wei, f"a tip of {fields.tip_wei} wei is above the whole price"),
            (fields.gas_limit <= GAS_PER_TX_MAX, f"{fields.gas_limit} gas is above the cap of one tx"),
            (len(fields.data) <= DATA_BYTES_MAX, f"{len(fields.data)} bytes of calldata are too many"),
            (self._addressed(fields, campaigns), f"0x{fields.data[:4].hex()} to {fields.to} is not on the list"),
        )
        for kept, text in rules:
            if not kept:
                raise PolicyBroken(text)

    def is_ours(self, *, to: str | None, data: bytes) -> bool:
        """Whether a tx could be one of ours whose record was lost: a call of ours to a contract of this generation.

        A campaign's contract cannot be told from its address alone, so its calls are recognised by their selectors.
        """
        if to is None:
            return False
        known = self._allowed.get(to.lower(), {_SELECTORS[name] for name in _CAMPAIGN_CALLS})
        return data[:4] in known or self._is_filler(to, data)

    def _addressed(self, fields: Fields, campaigns: Collection[UUID]) -> bool:
        to = fields.to.lower()
        if self._is_filler(fields.to, fields.data):
            return fields.gas_limit <= GAS_PER_FILLER
        if to in self._allowed:
            return fields.data[:4] in self._allowed[to]
        of_campaigns = {campaign_address(self._generation, campaign).lower() for campaign in campaigns}
        return to in of_campaigns and fields.data[:4] in {_SELECTORS[name] for name in _CAMPAIGN_CALLS}

    def _is_filler(self, to: str, data: bytes) -> bool:
        return to.lower() == self._signer and not data
