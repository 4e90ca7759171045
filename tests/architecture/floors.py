"""The two tables that hold the house up: who may import whom, and who may speak which outside library, in which files.

The picture they are made from is in ops/docs/adr/0001-shape-of-the-house.md.
"""

from __future__ import annotations

# Nobody imports upwards, neighbours meet only in the journal, and `tests` is imported by nobody.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "domain": frozenset(),
    "abis": frozenset(),
    "projections": frozenset({"domain", "abis"}),
    "chain_writer": frozenset({"domain", "abis"}),
    "chain_indexer": frozenset({"domain", "abis"}),
    "api": frozenset({"domain", "abis", "projections", "chain_writer", "chain_indexer"}),
    "ops": frozenset({"domain", "abis", "projections", "chain_writer", "chain_indexer", "api"}),
    "tests": frozenset({"domain", "abis", "projections", "chain_writer", "chain_indexer", "api", "ops"}),
}

# Patterns of fnmatch over paths from the root; `*` also crosses folders. `tests` may speak anything.
SPOKEN_IN: dict[str, tuple[str, ...]] = {
    "eventsourcing": ("domain/journal/*.py",),
    "psycopg": (
        "domain/journal/*.py",
        "domain/store.py",
        "projections/store.py",
        "projections/queries.py",
        "projections/*/store.py",
        "projections/rebuilding/slices.py",
        "api/reconciled_store.py",
        "chain_writer/store/*.py",
        "chain_writer/questions.py",
        "chain_indexer/store.py",
        "chain_indexer/questions.py",
        "api/store.py",
        "api/vault_store.py",
        "api/keys.py",
        "ops/*.py",
    ),
    "psycopg_pool": ("projections/queries.py", "api/store.py", "*/questions.py"),
    "httpx": ("chain_writer/node.py", "chain_writer/web3signer.py", "chain_indexer/node.py", "ops/*.py"),
    "eth_account": ("domain/wallets.py", "chain_writer/signer.py", "ops/*.py"),
    "eth_keys": ("chain_writer/signer.py",),
    "eth_abi": ("abis/*.py", "ops/contracts.py"),
    "eth_hash": ("abis/hashing.py",),
    "cryptography": ("api/sealing.py",),
    "dramatiq": ("chain_writer/actors.py", "ops/*.py"),
    "redis": ("chain_writer/actors.py", "ops/*.py"),
    "starlette": ("api/*.py",),
    "pydantic": ("api/*.py", "ops/settings.py", "ops/chain_settings.py"),
    "pydantic_core": ("api/*.py", "ops/settings.py"),
    "pydantic_settings": ("ops/settings.py", "ops/chain_settings.py"),
    "prometheus_client": ("api/metrics.py",),
    "uvicorn": ("ops/*.py",),
    "uvloop": ("ops/*.py",),
    "structlog": ("ops/logs.py",),
    "typer": ("ops/cli*.py",),
    "rich": ("ops/*.py",),
    "rlp": ("chain_writer/transactions.py",),
    "msgspec": ("*.py",),
}
