"""The settings of the chain: its nodes, the contracts that are pinned, what a transaction may cost."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from abis.hashing import checksummed


def named(*names: str) -> AliasChoices:
    """The names of one setting, the first one preferred."""
    return AliasChoices(*names)


class ChainSettings(BaseSettings):
    """The part of `ops.settings.Settings` that speaks of the chain."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    rpc_url: str = Field(
        default="",
        validation_alias=named("POLYGON_EDGE_RPC_URL", "BLOCKCHAIN_RPC_URL"),
        description="JSON-RPC address of a node of the chain.",
    )
    rpc_urls_more: str = Field(
        default="",
        validation_alias=named("TANDEM_RPC_URLS_MORE"),
        description="Further nodes of the same chain, separated by commas; the indexer goes over to them.",
    )
    chain_id: int | None = Field(
        default=None, validation_alias=named("CHAIN_ID"), description="The chain id to insist on."
    )
    generation_file: Path | None = Field(
        default=None,
        validation_alias=named("TANDEM_GENERATION_FILE"),
        description="The chain generation: addresses and hashes that are pinned.",
    )
    issuer_registry: str | None = Field(
        default=None,
        validation_alias=named("CONTRACT_ISSUER_REGISTRY", "ISSUER_REGISTRY_ADDRESS"),
        description="Address that the generation must have for IssuerRegistry.",
    )
    campaign_factory: str | None = Field(
        default=None,
        validation_alias=named("CONTRACT_CAMPAIGN_FACTORY", "CAMPAIGN_FACTORY_ADDRESS"),
        description="The same for CampaignFactory.",
    )
    campaign_implementation: str | None = Field(
        default=None,
        validation_alias=named("CONTRACT_CAMPAIGN_IMPLEMENTATION", "CAMPAIGN_IMPLEMENTATION_ADDRESS"),
        description="The same for CampaignImplementation.",
    )
    nft_certificate: str | None = Field(
        default=None,
        validation_alias=named("CONTRACT_NFT_CERTIFICATE", "NFT_CERTIFICATE_ADDRESS"),
        description="The same for NFTShareCertificate.",
    )
    fund_escrow: str | None = Field(
        default=None,
        validation_alias=named("CONTRACT_FUND_ESCROW", "FUND_ESCROW_ADDRESS"),
        description="The same for FundEscrow.",
    )
    finality_depth: int = Field(
        default=1,
        ge=0,
        le=1000,
        validation_alias=named("TANDEM_FINALITY_DEPTH"),
        description="Blocks above one that is believed.",
    )
    gas_price_wei: int = Field(
        default=0,
        ge=0,
        validation_alias=named("TANDEM_GAS_PRICE_WEI", "GAS_PRICE"),
        description="Price of a legacy transaction, in wei.",
    )
    gas_price_wei_max: int = Field(
        default=100_000_000_000,
        ge=0,
        validation_alias=named("TANDEM_GAS_PRICE_WEI_MAX"),
        description="Its cap for replacements.",
    )
    tip_wei: int | None = Field(
        default=None,
        ge=0,
        validation_alias=named("TANDEM_GAS_TIP_WEI"),
        description="For a chain that has London: the tip of its transactions, whose price above is the most they pay.",
    )
    fees_wei_max: int = Field(
        default=10_000_000_000_000_000_000,
        ge=0,
        validation_alias=named("TANDEM_FEES_WEI_MAX"),
        description="Fees in wei that a lane may spend within the window; above it, it waits and says so.",
    )
    gas_max: int | None = Field(
        default=None,
        ge=0,
        validation_alias=named("TANDEM_GAS_MAX"),
        description="Gas that a lane may use within the window, whatever it costs: the only bound where gas is free.",
    )
    fees_window_h: int = Field(
        default=24, ge=1, le=720, validation_alias=named("TANDEM_FEES_WINDOW_H"), description="That window, in hours."
    )
    poll_ms: int = Field(
        default=200,
        ge=10,
        le=60_000,
        validation_alias=named("TANDEM_POLL_MS"),
        description="How often the chain is asked.",
    )
    rpc_requests_per_s: int = Field(
        default=0,
        ge=0,
        le=100_000,
        validation_alias=named("TANDEM_RPC_REQUESTS_PER_S"),
        description="Requests a second that the indexer sends to a node at most; a batch is one. 0: any number.",
    )
    audit_percent: int = Field(
        default=100,
        ge=0,
        le=100,
        validation_alias=named("TANDEM_AUDIT_PERCENT"),
        description="Blocks of a hundred whose logs are held against receipts; below 100 a lost log may stay lost.",
    )

    @field_validator(
        "issuer_registry", "campaign_factory", "campaign_implementation", "nft_certificate", "fund_escrow", mode="after"
    )
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return checksummed(value) if value else None

    @model_validator(mode="after")
    def _consistent_chain(self) -> ChainSettings:
        given = [address for address in self.addresses.values() if address]
        if len(set(given)) != len(given):
            raise ValueError("one address is given to two contracts: each contract has its own")
        if self.gas_price_wei > self.gas_price_wei_max:
            raise ValueError("TANDEM_GAS_PRICE_WEI is above TANDEM_GAS_PRICE_WEI_MAX: no replacement could be sent")
        if self.tip_wei is not None and self.tip_wei > self.gas_price_wei:
            raise ValueError("TANDEM_GAS_TIP_WEI is above TANDEM_GAS_PRICE_WEI: the tip is a part of the price")
        return self

    @property
    def addresses(self) -> dict[str, str | None]:
        """The contract addresses that were set, by contract."""
        return {
            "IssuerRegistry": self.issuer_registry,
            "CampaignFactory": self.campaign_factory,
            "CampaignImplementation": self.campaign_implementation,
            "NFTShareCertificate": self.nft_certificate,
            "FundEscrow": self.fund_escrow,
        }

    @property
    def rpc_urls(self) -> list[str]:
        """Every node of the chain, the first one preferred."""
        return list(dict.fromkeys([self.rpc_url, *(u.strip() for u in self.rpc_urls_more.split(",") if u.strip())]))
