"""What the embedded services have in common: a folder, a kept port, a process that dies with its owner."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ops.errors import OperatorError

START_S_MAX = 60.0
STARTS_MAX = 3  # a port that was free may be taken before it is bound
STOP_S_MAX = 20.0
POLL_S = 0.02
PORT_MIN = 10_000
OUTGOING_PORT_MIN = 32_768
PORT_TRIES_MAX = 100
LAST_WORDS_CHARS_MAX = 200


class PartFailed(OperatorError):
    """A service of the local stack cannot be started. The text names its log."""


def free_port() -> int:
    """A port on 127.0.0.1 that nobody has now, by lot.

    Below those from which the system serves outgoing connections: any of theirs may be gone before it is bound.
    """
    for _ in range(PORT_TRIES_MAX):
        port = PORT_MIN + secrets.randbelow(_outgoing_port_min() - PORT_MIN)
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _outgoing_port_min() -> int:
    """The first port of outgoing connections; Linux's own default where it is not told, or leaves no room."""
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        first = OUTGOING_PORT_MIN
    return first if first >= 2 * PORT_MIN else OUTGOING_PORT_MIN


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def kept_port(kept: Path) -> int:
    """The port in a file if it is free, so that addresses given to people stay true; else another, put there."""
    port = int(kept.read_text()) if kept.exists() else 0
    if not port or not is_free(port):
        port = free_port()
        kept.write_text(str(port))
    return port


def die_with_parent(death_signal: int) -> Callable[[], None] | None:
    """What a child runs before its program: on Linux it asks to be signalled when its owner dies."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    set_pdeathsig = 1

    def ask() -> None:
        libc.prctl(set_pdeathsig, death_signal)

    return ask


class Part:
    """One service. Subclasses say how it is started, how it is known to be ready, and how it is asked to stop."""

    name = "part"
    stop_signal = signal.SIGTERM

    def __init__(self, home: Path) -> None:
        self.home = home / self.name
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = self.home / "log"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    # What a service fills in.

    def prepare(self) -> None:
        """Whatever must be there before the first start."""

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    @property
    def user(self) -> str | None:
        """Another system user to run as, None for our own."""
        return None

    # The life of a service.

    def start(self) -> None:
        """Start, or start again, and wait until it answers. Raises PartFailed."""
        self._stop_orphan()
        self.prepare()
        for _ in range(STARTS_MAX):
            self.port = kept_port(self.home / "port")
            self._spawn()
            if self._comes_up():
                return
        raise PartFailed(
            f"{self.name} ended with {self._exit_code} while starting ({self._last_words()}); see {self.log}"
        )

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                list(self.command()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                user=self.user,
                start_new_session=True,  # Ctrl-C in a terminal is for the owner, who stops its parts in order
                preexec_fn=die_with_parent(self.stop_signal),  # noqa: PLW1509  # one thread starts all parts
            )
        self._pid_file.write_bytes(msgspec.json.encode([self._process.pid, _started(self._process.pid)]))

    def _comes_up(self) -> bool:
        """Wait until it answers; False if it ended instead."""
        deadline = time.monotonic() + START_S_MAX
        while not self.is_ready() or not self.alive:  # alive: another's server may answer at our port
            if not self.alive:
                return False
            if time.monotonic() > deadline:
                self.kill()
                raise PartFailed(f"{self.name} did not answer within {START_S_MAX:.0f} s; see {self.log}")
            time.sleep(POLL_S)
        return True

    @property
    def _exit_code(self) -> int | None:
        return self._process.returncode if self._process is not None else None

    def _last_words(self) -> str:
        """The last line of its log, where a program says why it ends."""
        lines = [line for line in self.log.read_text(errors="replace").split("\n") if line.strip()]
        return lines[-1].strip()[:LAST_WORDS_CHARS_MAX] if lines else "it said nothing"

    def stop(self) -> None:
        """Ask it to stop, wait, and insist."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self.stop_signal)
            try:
                process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """SIGKILL, as a crash would end it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.alive else None

    @property
    def _pid_file(self) -> Path:
        return self.home / "pid"

    def _stop_orphan(self) -> None:
        """End a process of this home whose owner died without it. A reused pid is told by its start time."""
        if not self._pid_file.exists():
            return
        pid, started = msgspec.json.decode(self._pid_file.read_bytes())
        for how in (self.stop_signal, signal.SIGKILL):
            if _started(pid) != started or started is None:
                break
            os.kill(pid, how)
            deadline = time.monotonic() + STOP_S_MAX
            while _started(pid) == started and time.monotonic() < deadline:
                time.sleep(POLL_S)
        self._pid_file.unlink(missing_ok=True)


def _started(pid: int) -> str | None:
    """When a process started, in the kernel's ticks; None if there is none. Only where /proc tells."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    state, ticks = fields[0], fields[19]
    return None if state == "Z" else ticks
