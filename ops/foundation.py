"""What must be there before any process runs: a migrated database, deployed contracts, keys to the API."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import msgspec
import psycopg

from abis import Generation
from api.keys import Keys
from domain.commands import ROLES
from ops import contracts, deployer
from ops.errors import OperatorError
from ops.migrate import migrate
from ops.places import address_of, raw_key, write_secret
from ops.rpc import Rpc
from ops.settings import Settings, SettingsInvalid

RECEIPT_POLL_S = 0.05
DEPLOYER = "deployer"


class FoundationFailed(OperatorError):
    """The database or the chain is not as this home left it. The text says what differs and what to do."""


class Foundation:
    """Each verb may be repeated: what stands already is checked, not made again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = settings.home

    def migrate(self) -> list[str]:
        """Apply the missing migrations. Returns their names."""
        return migrate(self._settings.database_url.get_secret_value())

    def deploy(self) -> Generation:
        """Deploy the contracts, by a home's keys or the deployer's, or check the generation that is pinned."""
        path = self._settings.generation_file or self._home / "generation.json"
        rpc = self._node()
        try:
            if path.exists():
                return self._check(rpc, path)
            signers, deployer_key = self._signers(), self._deployer_key()
            path.parent.mkdir(parents=True, exist_ok=True)
            generation = contracts.deploy(
                rpc,
                deployer_key=deployer_key,
                signers=signers,
                base_uri=self._base_uri(),
                plan=path.with_name("deployment.json"),
                gas_price_wei=self._settings.gas_price_wei,
                wait=lambda: time.sleep(RECEIPT_POLL_S),
            )
            generation.save(path)
            return generation
        finally:
            rpc.close()

    def differences(self) -> list[str]:
        """What differs between the chain and the pinned generation; roles, too, of the lanes that are known."""
        settings = self._settings
        known = settings.local or settings.signer_url or settings.keystore_folder is not None
        signers, generation = self._signers() if known else [], settings.generation()
        rpc = self._node()
        try:
            base_uri = settings.certificates_url if settings.public_url else None
            return contracts.check(rpc, generation, signers=signers, base_uri=base_uri)
        finally:
            rpc.close()

    def _node(self) -> Rpc:
        if not self._settings.rpc_url:
            raise SettingsInvalid("POLYGON_EDGE_RPC_URL is not set: point it at a node, or start the local stack")
        return Rpc(self._settings.rpc_url)

    def _signers(self) -> list[str]:
        """The accounts that write."""
        if not self._settings.local:
            return deployer.lane_addresses(self._settings)
        return [address_of(self._settings.keys_home, lane) for lane in self._settings.lane_names]

    def _deployer_key(self) -> str:
        if not self._settings.local:
            return deployer.deployer_key(self._settings)
        given = self._settings.deployer_key
        return given.get_secret_value() if given is not None else raw_key(self._settings.keys_home, DEPLOYER)

    def _base_uri(self) -> str:
        if not self._settings.local and not self._settings.public_url:
            raise SettingsInvalid(
                "TANDEM_PUBLIC_URL is not set: certificates name the address at which the API is found from outside"
            )
        return self._settings.certificates_url

    def _check(self, rpc: Rpc, path: Path) -> Generation:
        generation = Generation.load(path)
        differences = contracts.check(rpc, generation)
        if differences:
            raise FoundationFailed(
                f"the chain is not the one that {path} pins: {'; '.join(differences)}."
                " Point POLYGON_EDGE_RPC_URL at the right node; for a local stack remove the home and start afresh"
            )
        return generation

    def mint_keys(self) -> dict[str, str]:
        """One API key a role for a local stack, each of a principal of its own; kept in the home."""
        path = self._home / "api-keys.json"
        if path.exists():
            kept: dict[str, str] = msgspec.json.decode(path.read_bytes())
            return kept
        keys = {}
        with psycopg.connect(self._settings.database_url.get_secret_value(), autocommit=True) as connection:
            for role in sorted(ROLES):
                keys[role] = Keys.mint(connection, principal=f"local-{role.replace('_', '-')}", roles=[role])
        write_secret(path, msgspec.json.format(msgspec.json.encode(keys), indent=2))
        return keys

    def api_is_ready(self) -> bool:
        url = f"http://{self._settings.api_host}:{self._settings.api_port}/readyz"
        try:
            return httpx.get(url, timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
