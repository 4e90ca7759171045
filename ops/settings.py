"""The settings: one model, every name documented, aliases of the platform replaced accepted, secrets never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from abis.generation import Generation, GenerationInvalid
from abis.hashing import checksummed
from ops.chain_settings import ChainSettings, named
from ops.errors import OperatorError
from ops.signer_settings import addresses_in, contradiction, is_bare

SQL_ROOMS = ("api", "writer", "indexer", "book", "rebuild", "processes")


class SettingsInvalid(OperatorError):
    """The settings do not make sense. The text names each setting and what to do."""


class Settings(ChainSettings):
    """Read from the environment alone. What an embedded part provides may be left out on a local stack."""

    home: Path = Field(
        default=Path(".tandem"),
        validation_alias=named("TANDEM_HOME"),
        description="Folder of the local stack: data, keys, logs.",
    )
    local: bool = Field(
        default=False,
        validation_alias=named("TANDEM_LOCAL"),
        description="Set by the local stack: raw keys in files are allowed.",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=named("DATABASE_URL"),
        description="PostgreSQL, as the owner of the schemas.",
    )
    replica_url: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=named("TANDEM_REPLICA_URL"),
        description="A replica of that database; `rebuild` reads the journal's entries from it.",
    )
    redis_url: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=named("REDIS_URL"),
        description="A Redis protocol server: wake-ups only.",
    )
    keystore_folder: Path | None = Field(
        default=None,
        validation_alias=named("TANDEM_KEYSTORE_FOLDER"),
        description="Folder of keystore v3 files, one a lane, named <lane>.json.",
    )
    keystore_passphrase_file: Path | None = Field(
        default=None,
        validation_alias=named("TANDEM_KEYSTORE_PASSPHRASE_FILE"),
        description="File with their passphrase. Without one, a worker in the foreground of a terminal asks for it.",
    )
    deployer_keystore_file: Path | None = Field(
        default=None,
        validation_alias=named("TANDEM_DEPLOYER_KEYSTORE_FILE"),
        description="The keystore of the contracts' deployer and admin, for `contracts deploy`.",
    )
    signer_url: str = Field(
        default="",
        validation_alias=named("TANDEM_SIGNER_URL"),
        description="A remote signer that speaks Web3Signer's JSON-RPC (eth1 mode), instead of keystores.",
    )
    signer_addresses: str = Field(
        default="",
        validation_alias=named("TANDEM_SIGNER_ADDRESSES"),
        description="Addresses of the remote signer's keys, one a lane in the order of the lanes, separated by commas.",
    )
    signer_ca_file: Path | None = Field(
        default=None,
        validation_alias=named("TANDEM_SIGNER_CA_FILE"),
        description="Who vouches for the remote signer's certificate (PEM); else whom the system trusts.",
    )
    signer_certificate_file: Path | None = Field(
        default=None,
        validation_alias=named("TANDEM_SIGNER_CERTIFICATE_FILE"),
        description="Our own certificate (PEM), for a remote signer that asks who we are.",
    )
    signer_certificate_key_file: Path | None = Field(
        default=None,
        validation_alias=named("TANDEM_SIGNER_CERTIFICATE_KEY_FILE"),
        description="Its key (PEM, not encrypted).",
    )
    deployer_key: SecretStr | None = Field(
        default=None,
        validation_alias=named("BLOCKCHAIN_DEPLOYER_PRIVATE_KEY", "DEPLOYER_PRIVATE_KEY"),
        description="A raw private key; accepted on a local stack only.",
    )
    lanes: int = Field(
        default=1, ge=1, le=32, validation_alias=named("TANDEM_LANES"), description="Signers that send in parallel."
    )
    rule_packs: str = Field(
        default="default",
        validation_alias=named("TANDEM_RULE_PACKS"),
        description="Rule packs in use, separated by commas.",
    )
    crash_file: Path | None = Field(
        default=None,
        validation_alias=named("TANDEM_CRASH_FILE"),
        description="A file that names the crash point at which a writer's process ends itself; local stacks only.",
    )
    vault_kek_file: Path | None = Field(
        default=None,
        validation_alias=named("TANDEM_VAULT_KEK_FILE"),
        description="The key-encryption keys that wrap the keys of persons; a local stack makes its own file.",
    )
    platform: str = Field(
        default="Tandem",
        min_length=1,
        max_length=100,
        validation_alias=named("TANDEM_PLATFORM"),
        description="The platform's name, as wallets see it in what they sign.",
    )
    api_host: str = Field(
        default="127.0.0.1", validation_alias=named("TANDEM_API_HOST"), description="Where the API listens."
    )
    api_port: int = Field(
        default=8080, ge=1, le=65_535, validation_alias=named("TANDEM_API_PORT"), description="Its port."
    )
    public_url: str = Field(
        default="",
        validation_alias=named("TANDEM_PUBLIC_URL"),
        description="Where the API is found from outside, such as https://ledger.example: certificates name it."
        " A local stack says http:// and its own host and port.",
    )
    waiting_max: int = Field(
        default=10_000,
        ge=1,
        validation_alias=named("TANDEM_WAITING_MAX"),
        description="Commands that may wait in a process.",
    )
    lag_max: int = Field(
        default=10_000,
        ge=1,
        validation_alias=named("TANDEM_LAG_MAX"),
        description="Lag of the book above which the API is not ready.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the library's seam
        init_settings: PydanticBaseSettingsSource,
        *_: Any,
        **__: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The values given, then the process's own environment: no file is read implicitly."""
        return (init_settings,)

    @field_validator("database_url", "replica_url", mode="after")
    @classmethod
    def _url(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if value and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            name = "DATABASE_URL" if info.field_name == "database_url" else "TANDEM_REPLICA_URL"
            raise ValueError(f"{name} must begin with postgresql://")
        return value

    @field_validator("public_url", "signer_url", mode="after")
    @classmethod
    def _bare(cls, value: str, info: ValidationInfo) -> str:
        if value and not is_bare(value):
            name = f"TANDEM_{str(info.field_name).upper()}"
            raise ValueError(f"{name} is an http(s) address without a name or password, query and fragment")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _one_signer(self) -> Settings:
        if text := contradiction(
            self.signer_url,
            self.remote_signers,
            lanes=self.lanes,
            keystores=self.keystore_folder is not None,
            trust=(self.signer_ca_file, self.signer_certificate_file, self.signer_certificate_key_file),
        ):
            raise ValueError(text)
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if self.crash_file is not None and not self.local:
            raise ValueError("TANDEM_CRASH_FILE is accepted on a local stack only: unset it")
        if self.deployer_key is not None and not self.local:
            raise ValueError(
                "a raw private key (DEPLOYER_PRIVATE_KEY) is accepted on a local stack only:"
                " put it into a keystore and set TANDEM_KEYSTORE_FOLDER, or TANDEM_DEPLOYER_KEYSTORE_FILE"
            )
        return self

    @property
    def certificates_url(self) -> str:
        """What the certificates' token URIs begin with."""
        return f"{self.public_url or f'http://{self.api_host}:{self.api_port}'}/v1/certificates/"

    @property
    def remote_signers(self) -> list[str]:
        """The addresses of the remote signer's keys, in the order of the lanes."""
        return addresses_in(self.signer_addresses)

    @property
    def lane_names(self) -> list[str]:
        """The names of the lanes: each is one signer."""
        return [f"lane-{number}" for number in range(self.lanes)]

    @property
    def keys_home(self) -> Path:
        """Where a local stack keeps its raw keys: with the generation that they write to, each of which has its own."""
        return self.generation_file.parent if self.local and self.generation_file is not None else self.home

    def dsn(self, room: str) -> str:
        """The database as one room may use it: the role is taken on connecting."""
        assert room in SQL_ROOMS
        url = self.database_url.get_secret_value()
        if not url:
            raise SettingsInvalid("DATABASE_URL is not set: point it at PostgreSQL, or start the local stack with `up`")
        return _as_room(url, room)

    def replica_dsn(self, room: str) -> str | None:
        """The same at the replica; None if none is set."""
        assert room in SQL_ROOMS
        url = self.replica_url.get_secret_value()
        return _as_room(url, room) if url else None

    def generation(self) -> Generation:
        """The pinned generation, checked against the chain id and addresses that were set."""
        path = self.generation_file or self.home / "generation.json"
        try:
            generation = Generation.load(path)
        except GenerationInvalid as error:
            raise SettingsInvalid(
                f"{error}; start the local stack with `up`, or set TANDEM_GENERATION_FILE to the file of the deployment"
            ) from None
        if self.chain_id is not None and self.chain_id != generation.chain_id:
            raise SettingsInvalid(f"CHAIN_ID is {self.chain_id}, but {path} is of chain {generation.chain_id}")
        for name, given in self.addresses.items():
            if given is not None and given != checksummed(generation.addresses[name]):
                raise SettingsInvalid(f"{name} is set to {given}, but {path} has {generation.addresses[name]}")
        return generation


def _as_room(url: str, room: str) -> str:
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}options=-c%20role%3Dtandem_{room}&application_name=tandem_{room}&connect_timeout=10"


class Setting(msgspec.Struct, frozen=True):
    """One setting, for people."""

    names: tuple[str, ...]
    default: str
    meaning: str
    secret: bool


def explain() -> list[Setting]:
    """Every setting with its names, default and meaning."""
    rows = []
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        assert isinstance(alias, AliasChoices)
        secret = "SecretStr" in str(field.annotation)
        default = "" if secret or field.default is None else str(field.default)
        names = tuple(str(choice) for choice in alias.choices)
        rows.append(Setting(names, default, field.description or "", secret))
    return rows


def known_names() -> frozenset[str]:
    """Every name that a setting has."""
    return frozenset(name for setting in explain() for name in setting.names)


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of an environment (the process's own by default). Raises SettingsInvalid."""
    given = os.environ if environment is None else environment
    known = known_names() | {"TANDEM_VENV", "TANDEM_TOOLS"}
    unknown = sorted(name for name in given if name.startswith("TANDEM_") and name not in known)
    if unknown:
        raise SettingsInvalid(f"unknown settings: {', '.join(unknown)}; `settings` lists the known ones")
    twice = [names for setting in explain() if len(_values(given, names := setting.names)) > 1]
    if twice:
        raise SettingsInvalid(
            "; ".join(f"{' and '.join(names)} name the same setting and differ: keep one" for names in twice)
        )
    try:
        return Settings.model_validate({name: value for name, value in given.items() if name in known and value != ""})
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors(include_input=False)]
        raise SettingsInvalid("; ".join(lines)) from None


def _values(given: Mapping[str, str], names: tuple[str, ...]) -> set[str]:
    return {given[name] for name in names if given.get(name)}
