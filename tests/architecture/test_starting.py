"""What a process does not load when it starts: a worker that died is missed until another one has started."""

from __future__ import annotations

import subprocess
import sys

SLOW = ("eth_account", "py_ecc", "eth_keyfile")  # curves of a signature scheme that nobody here uses


def test_no_process_loads_wallet_libraries_before_it_needs_them() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, ops.wiring, ops.processes; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(told.stdout.split())
    assert "chain_writer.signer" in loaded
    assert loaded.isdisjoint(SLOW)
