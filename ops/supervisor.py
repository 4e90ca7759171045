"""The house on one machine: local stack, deployed contracts, API keys, and one process a role, kept alive."""

from __future__ import annotations

import logging
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from abis import Generation
from ops.foundation import Foundation
from ops.generations import check_living
from ops.places import ROOT, tools_folder, write_secret
from ops.processes import PROCESSES
from ops.settings import Settings, known_names, load
from ops.stack import PartFailed, Stack
from ops.stack.part import STOP_S_MAX, die_with_parent, kept_port

log = logging.getLogger(__name__)

WATCH_EVERY_S = 0.1
REVIVE_PAUSE_S_MIN = 0.2
REVIVE_PAUSE_S_MAX = 5.0
STARTS_MAX = 3  # of one process before the house first is ready
STEADY_S = 10.0  # a process that lived so long is started again at once
KEEPABLE_LOSS_S = 3.0  # what the development chain may lose when it is killed: its state is written every second


class Role:
    """One process of ours under the supervisor's eyes: `ops run <role>`, started again whenever it ends."""

    def __init__(self, name: str, home: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = home / "logs" / f"{name}.log"
        self.starts = 0
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._pause_s = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ops", "run", self.name],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                env={**_without_settings(), **self._environment},
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  # the keeper's thread starts all of them
            )
        self.starts += 1
        self._started_s = time.monotonic()

    def revive(self) -> bool:
        """Start it again if it has ended and has waited its pause. True if it was started."""
        if self.pid is not None:
            return False
        lived_s = time.monotonic() - self._started_s
        if lived_s > STEADY_S:
            self._pause_s = 0.0
        if lived_s < self._pause_s:
            return False
        self._pause_s = min(max(self._pause_s * 2, REVIVE_PAUSE_S_MIN), REVIVE_PAUSE_S_MAX)
        self.start()
        return True

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def insist(self, deadline_s: float) -> None:
        """Wait until a moment, then end it the hard way."""
        if self._process is None:
            return
        try:
            self._process.wait(max(deadline_s - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class House:
    """Everything that `up` and `demo` run. Use as a context manager; one owner a home.

    A thread of its own, the keeper, starts, revives and stops all children: on Linux a child is signalled when the
    thread that started it ends, so that nothing outlives this process, however it ends.
    """

    def __init__(
        self,
        home: Path,
        *,
        block_time_s: float = 1.0,
        given: Settings | None = None,
        processes: tuple[str, ...] = PROCESSES,
        on_stage: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.home = home.resolve()
        self.timings: dict[str, float] = {}
        self._given = given or Settings()
        self._chosen = given is not None  # the environment belongs to this house, not to another one
        self._block_time_s = block_time_s
        self._on_stage = on_stage
        self._stack = Stack(
            self.home,
            tools=tools_folder(),
            database_url=self._given.database_url.get_secret_value() or None,
            redis_url=self._given.redis_url.get_secret_value() or None,
            rpc_url=self._given.rpc_url or None,
            block_time_s=block_time_s,
        )
        self._wanted = processes
        self._roles: dict[str, Role] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._ready: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start all and wait until the API is ready. Raises an OperatorError; nothing is left running then."""
        self._keeper.start()
        try:
            failure = self._ready.get()
        except BaseException:  # interrupted: what was started by then is stopped in order
            self.stop()
            raise
        if failure is not None:
            self._keeper.join()
            raise failure

    def stop(self) -> None:
        self._stopping.set()
        self._keeper.join()

    # What others want to know.

    @property
    def names(self) -> list[str]:
        """The processes, then the embedded services."""
        return [*self._roles, *self._stack.parts]

    @property
    def pids(self) -> dict[str, int | None]:
        return {n: role.pid for n, role in self._roles.items()} | {n: p.pid for n, p in self._stack.parts.items()}

    def kill(self, name: str) -> None:
        """SIGKILL to a process or a service, as a crash would end it. The keeper starts it again."""
        with self._lock:
            (self._roles.get(name) or self._stack.parts[name]).kill()

    def wait_for_end(self) -> None:
        """Block until somebody interrupts. SIGTERM ends it like Ctrl-C."""
        done = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: done.set())
        done.wait()

    # The keeper's thread.

    def _keep(self) -> None:
        try:
            self._build()
        except BaseException as failure:  # noqa: BLE001  # it is raised again where `start` waits
            self._end()
            self._ready.put(failure)
            return
        self._ready.put(None)
        while not self._stopping.wait(WATCH_EVERY_S):
            with self._lock:
                self._revive()
        self._end()

    def _build(self) -> None:
        self._stage("services", self._stack.start)
        self.environment = self._environment()
        self.settings = load({**_without_settings(), **self.environment})
        foundation = Foundation(self.settings)
        self._stage("migrations", foundation.migrate)
        check_living(self.settings, "api")
        self._stage("contracts", foundation.deploy)
        self.generation: Generation = self.settings.generation()
        self.keys: dict[str, str] = self._stage("API keys", foundation.mint_keys)
        self._write_environment()
        for name in self._wanted:
            self._roles[name] = Role(name, self.home, self.environment)
            self._roles[name].start()
        self._stage("processes", self._wait_until_ready)

    def _stage(self, name: str, work: Callable[[], Any]) -> Any:
        self._on_stage(name)
        began = time.monotonic()
        result = work()
        self.timings[name] = time.monotonic() - began
        return result

    def _wait_until_ready(self) -> None:
        if "api" not in self._roles:
            return
        foundation = Foundation(self.settings)
        while not foundation.api_is_ready():
            if self._stopping.wait(WATCH_EVERY_S):
                return
            for role in self._roles.values():
                if role.starts > STARTS_MAX:
                    raise PartFailed(f"{role.name} ends again and again; see {role.log}")
            self._revive()

    def _revive(self) -> None:
        try:
            for name in self._stack.revive():
                log.warning("%s had died and was started again", name)
        except PartFailed as failure:
            log.warning("%s", failure)
        for role in self._roles.values():
            if role.revive():
                log.warning("%s had died and was started again", role.name)

    def _end(self) -> None:
        for role in self._roles.values():
            role.ask_to_stop()
        deadline_s = time.monotonic() + STOP_S_MAX
        for role in self._roles.values():
            role.insist(deadline_s)
        self._stack.stop()
        (self.home / "environment.json").unlink(missing_ok=True)

    def _environment(self) -> dict[str, str]:
        """The settings that every process of this house gets: what was given, completed by what is embedded."""
        local: dict[str, str] = {
            "DATABASE_URL": self._stack.database_url,
            "REDIS_URL": self._stack.redis_url,
            "POLYGON_EDGE_RPC_URL": self._stack.rpc_url,
            "TANDEM_API_PORT": str(kept_port(self.home / "api-port")),
            "TANDEM_RULE_PACKS": "default,eu-ecspr,us-reg-cf,local,local-coin",
            "TANDEM_POLL_MS": "100",
        }
        if self._stack.chain is not None:
            # Deep enough that what is believed survives a crash of the development chain.
            local["TANDEM_FINALITY_DEPTH"] = str(math.ceil(KEEPABLE_LOSS_S / self._block_time_s))
        chosen = {name: os.environ[name] for name in known_names() if os.environ.get(name)} if self._chosen else {}
        return {**local, **chosen, "TANDEM_HOME": str(self.home), "TANDEM_LOCAL": "1"}

    @property
    def api_url(self) -> str:
        return f"http://{self.settings.api_host}:{self.settings.api_port}"

    def _write_environment(self) -> None:
        """For `status` and the other commands: how to reach this house. Holds passwords, so for its owner only."""
        write_secret(self.home / "environment.json", msgspec.json.encode(self.environment))


def _without_settings() -> dict[str, str]:
    """This process's environment less all settings: a house passes on its own and nobody else's."""
    known = known_names()
    return {name: value for name, value in os.environ.items() if name not in known}
