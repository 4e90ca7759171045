"""The settings: every name of the platform replaced is understood, secrets stay secret, nonsense is told by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from abis import Generation
from ops.settings import SQL_ROOMS, Settings, SettingsInvalid, explain, known_names, load
from tests.unit.abis.test_generation import GENERATION

URL = "postgresql://owner:hush-hush@db:5432/tandem"
ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
ALIASES = {
    "POLYGON_EDGE_RPC_URL": ("rpc_url", "http://node:8545"),
    "BLOCKCHAIN_RPC_URL": ("rpc_url", "http://node:8545"),
    "CONTRACT_ISSUER_REGISTRY": ("issuer_registry", ADDRESS),
    "ISSUER_REGISTRY_ADDRESS": ("issuer_registry", ADDRESS),
    "CONTRACT_CAMPAIGN_FACTORY": ("campaign_factory", ADDRESS),
    "CAMPAIGN_FACTORY_ADDRESS": ("campaign_factory", ADDRESS),
    "CONTRACT_CAMPAIGN_IMPLEMENTATION": ("campaign_implementation", ADDRESS),
    "CAMPAIGN_IMPLEMENTATION_ADDRESS": ("campaign_implementation", ADDRESS),
    "CONTRACT_NFT_CERTIFICATE": ("nft_certificate", ADDRESS),
    "NFT_CERTIFICATE_ADDRESS": ("nft_certificate", ADDRESS),
    "CONTRACT_FUND_ESCROW": ("fund_escrow", ADDRESS),
    "FUND_ESCROW_ADDRESS": ("fund_escrow", ADDRESS),
    "CHAIN_ID": ("chain_id", 100),
    "GAS_PRICE": ("gas_price_wei", 1_000_000_000),
    "TANDEM_GAS_PRICE_WEI": ("gas_price_wei", 1_000_000_000),
}


@pytest.mark.parametrize("name", ALIASES)
def test_the_names_of_the_platform_replaced_are_understood(name: str) -> None:
    field, value = ALIASES[name]
    assert getattr(load({name: str(value)}), field) == value


def test_a_process_of_another_program_in_the_same_environment_disturbs_nothing() -> None:
    assert load({"PATH": "/bin", "SECRET_KEY": "x", "DEBUG": "True"}) == load({})


def test_an_empty_value_is_no_value() -> None:
    assert load({"CHAIN_ID": "", "TANDEM_LANES": "", "BLOCKCHAIN_RPC_URL": ""}) == load({})


def test_an_address_is_kept_in_its_checked_form() -> None:
    assert load({"FUND_ESCROW_ADDRESS": ADDRESS.lower()}).fund_escrow == ADDRESS


def test_certificates_name_the_public_address_or_the_api_s_own() -> None:
    public = load({"TANDEM_PUBLIC_URL": "https://ledger.example/tandem/"})
    assert public.certificates_url == "https://ledger.example/tandem/v1/certificates/"
    assert load({"TANDEM_API_PORT": "8081"}).certificates_url == "http://127.0.0.1:8081/v1/certificates/"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TANDEM_SPEED": "9", "TANDEM_LUCK": "1"}, "unknown settings: TANDEM_LUCK, TANDEM_SPEED"),
        ({"CHAIN_ID": "many"}, "CHAIN_ID"),
        ({"TANDEM_LANES": "0"}, "TANDEM_LANES"),
        ({"TANDEM_LANES": "33"}, "TANDEM_LANES"),
        ({"TANDEM_FINALITY_DEPTH": "-1"}, "TANDEM_FINALITY_DEPTH"),
        ({"TANDEM_API_PORT": "70000"}, "TANDEM_API_PORT"),
        ({"TANDEM_PUBLIC_URL": "ledger.example"}, "TANDEM_PUBLIC_URL is an http(s) address"),
        ({"TANDEM_PUBLIC_URL": "https://ledger.example/?a=b"}, "TANDEM_PUBLIC_URL is an http(s) address"),
        ({"DATABASE_URL": "host=db dbname=tandem"}, "DATABASE_URL must begin with postgresql://"),
        ({"DATABASE_URL": "mysql://db/tandem"}, "DATABASE_URL must begin with postgresql://"),
        ({"FUND_ESCROW_ADDRESS": "0x12"}, "is not an address"),
        (
            {"FUND_ESCROW_ADDRESS": ADDRESS, "CONTRACT_ISSUER_REGISTRY": ADDRESS.lower()},
            "one address is given to two contracts",
        ),
        (
            {"POLYGON_EDGE_RPC_URL": "http://a", "BLOCKCHAIN_RPC_URL": "http://b"},
            "POLYGON_EDGE_RPC_URL and BLOCKCHAIN_RPC_URL name the same setting and differ",
        ),
        ({"GAS_PRICE": "2", "TANDEM_GAS_PRICE_WEI_MAX": "1"}, "above TANDEM_GAS_PRICE_WEI_MAX"),
        ({"DEPLOYER_PRIVATE_KEY": "0xhush"}, "accepted on a local stack only"),
        ({"BLOCKCHAIN_DEPLOYER_PRIVATE_KEY": "0xhush"}, "accepted on a local stack only"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load(environment)
    assert said in str(caught.value)


def test_the_same_setting_under_two_names_with_one_value_is_well() -> None:
    both = {"POLYGON_EDGE_RPC_URL": "http://a", "BLOCKCHAIN_RPC_URL": "http://a"}
    assert load(both).rpc_url == "http://a"


SECRETS = {
    "DATABASE_URL": URL,
    "REDIS_URL": "redis://:hush-hush@valkey/0",
    "DEPLOYER_PRIVATE_KEY": "hush-hush",
    "TANDEM_LOCAL": "true",
}


def test_secrets_are_not_shown_by_the_settings() -> None:
    settings = load(SECRETS)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(explain())):
        assert "hush-hush" not in shown
    assert settings.deployer_key is not None
    assert settings.deployer_key.get_secret_value() == "hush-hush"


def test_secrets_are_not_shown_by_a_refusal_of_them() -> None:
    for wrong in ({"TANDEM_LANES": "none"}, {"TANDEM_LOCAL": ""}, {"DATABASE_URL": "hush-hush"}):
        with pytest.raises(SettingsInvalid) as caught:
            load({**SECRETS, **wrong})
        assert "hush-hush" not in str(caught.value)


@pytest.mark.parametrize("room", SQL_ROOMS)
@pytest.mark.parametrize("url", [URL, URL + "?sslmode=require"])
def test_a_room_connects_under_its_own_role(room: str, url: str) -> None:
    parts = conninfo_to_dict(load({"DATABASE_URL": url}).dsn(room))
    assert parts["options"] == f"-c role=tandem_{room}"
    assert (parts["user"], parts["password"], parts["dbname"]) == ("owner", "hush-hush", "tandem")
    assert parts.get("sslmode") == ("require" if "sslmode" in url else None)


def test_without_a_database_it_is_said_what_to_set() -> None:
    with pytest.raises(SettingsInvalid, match="DATABASE_URL is not set"):
        Settings().dsn("api")


def _pinned(tmp_path: Path, **environment: str) -> Generation:
    path = tmp_path / "generation.json"
    GENERATION.save(path)
    return load({"TANDEM_GENERATION_FILE": str(path), **environment}).generation()


def test_the_pinned_generation_is_the_one_that_the_settings_mean(tmp_path: Path) -> None:
    escrow = GENERATION.addresses["FundEscrow"]
    assert _pinned(tmp_path, CHAIN_ID="100", FUND_ESCROW_ADDRESS=escrow.lower()) == GENERATION


@pytest.mark.parametrize(
    ("environment", "said"),
    [({"CHAIN_ID": "137"}, "CHAIN_ID is 137"), ({"FUND_ESCROW_ADDRESS": ADDRESS}, "FundEscrow is set to")],
)
def test_another_chain_or_contract_than_the_pinned_one_is_refused(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        _pinned(tmp_path, **environment)


def test_a_generation_that_cannot_be_read_is_told_with_the_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="TANDEM_GENERATION_FILE"):
        load({"TANDEM_HOME": str(tmp_path)}).generation()


def test_every_setting_is_explained_and_no_name_is_used_twice() -> None:
    rows = explain()
    assert all(row.meaning.endswith(".") for row in rows)
    assert len(known_names()) == sum(len(row.names) for row in rows)


def test_each_lane_has_its_own_name() -> None:
    assert load({"TANDEM_LANES": "3"}).lane_names == ["lane-0", "lane-1", "lane-2"]
