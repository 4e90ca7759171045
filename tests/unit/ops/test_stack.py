"""The local stack: what is killed finds its data again, homes do not disturb each other, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ops.places import ROOT
from ops.rpc import Rpc
from ops.stack import Chain, Part, PartFailed, Postgres, Stack, Valkey
from ops.stack.part import STARTS_MAX, free_port, is_free
from tests.conftest import TOOLS
from tests.support.wait import until

pytestmark = pytest.mark.parts


class Store:
    """A part with a way to keep a word in it and to ask for it again."""

    def __init__(self, part: Part, *, keep: Callable[[], None], kept: Callable[[], bool]) -> None:
        self.part = part
        self.keep = keep
        self.kept = kept


def _postgres(home: Path) -> Store:
    part = Postgres(home, password="hush")

    def keep() -> None:
        with psycopg.connect(part.dsn()) as connection:
            connection.execute("CREATE TABLE words (word text); INSERT INTO words VALUES ('kept')")

    def kept() -> bool:
        with psycopg.connect(part.dsn()) as connection:
            return connection.execute("SELECT word FROM words").fetchall() == [("kept",)]

    return Store(part, keep=keep, kept=kept)


def _valkey(home: Path) -> Store:
    part = Valkey(home, password="hush")

    def keep() -> None:
        with redis.Redis.from_url(part.url) as client:
            client.set("word", "kept")

    def kept() -> bool:
        with redis.Redis.from_url(part.url) as client:
            return client.get("word") == b"kept"

    return Store(part, keep=keep, kept=kept)


BLOCKS = 3
NO_RETRY = Retry(NoBackoff(), 0)


def _chain(home: Path) -> Store:
    part = Chain(home, tools=TOOLS, block_time_s=0)

    def ask(question: Callable[[Rpc], Any]) -> Any:
        rpc = Rpc(part.url)
        try:
            return question(rpc)
        finally:
            rpc.close()

    def keep() -> None:
        ask(lambda rpc: rpc.call("anvil_mine", hex(BLOCKS)))
        until(lambda: _best_block(part.home / "state.whole.json") >= BLOCKS, "the state copied aside")

    def kept() -> bool:
        return bool(ask(lambda rpc: rpc.number("eth_blockNumber")) >= BLOCKS)

    return Store(part, keep=keep, kept=kept)


def _best_block(state: Path) -> int:
    try:
        number = msgspec.json.decode(state.read_bytes())["best_block_number"]
    except (OSError, msgspec.DecodeError):
        return -1
    return int(number, 16) if isinstance(number, str) else int(number)


@pytest.fixture(params=[_postgres, _valkey, _chain], ids=["postgres", "valkey", "chain"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = request.param(tmp_path)
    yield store
    store.part.stop()


def test_a_killed_part_is_started_again_at_its_port_and_finds_its_data(store: Store) -> None:
    store.part.start()
    port = store.part.port
    store.keep()
    store.part.kill()
    assert not store.part.alive
    store.part.start()
    assert store.part.alive
    assert store.part.port == port
    assert store.kept()


def test_a_stopped_part_leaves_no_process_no_pid_and_no_port_and_keeps_its_data(store: Store) -> None:
    store.part.start()
    store.keep()
    pid = store.part.pid
    store.part.stop()
    assert store.part.pid is None
    assert not Path(f"/proc/{pid}").exists()
    assert not (store.part.home / "pid").exists()
    assert is_free(store.part.port)
    store.part.stop()  # once more is well
    store.part.start()
    assert store.kept()


def test_a_process_left_by_an_owner_that_died_is_ended_and_its_data_taken_over(store: Store, tmp_path: Path) -> None:
    store.part.start()
    store.keep()
    orphan = store.part._process
    assert orphan is not None
    heir = {"postgres": _postgres, "valkey": _valkey, "chain": _chain}[store.part.name](tmp_path)
    try:
        heir.part.start()
        assert orphan.wait() is not None
        assert heir.part.pid != orphan.pid
        assert heir.kept()
    finally:
        heir.part.stop()


def test_a_process_that_took_over_an_old_pid_is_left_alone(tmp_path: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    part = Valkey(tmp_path, password="hush")
    (part.home / "pid").write_bytes(msgspec.json.encode([bystander.pid, "12345"]))
    try:
        part.start()
        assert bystander.poll() is None
    finally:
        part.stop()
        bystander.communicate(b"\n")


def test_a_port_that_is_taken_meanwhile_is_given_up_for_another(tmp_path: Path) -> None:
    first, second = Valkey(tmp_path / "a", password="hush"), Valkey(tmp_path / "b", password="hush")
    first.start()
    (second.home / "port").write_text(str(first.port))
    try:
        second.start()
        assert second.port != first.port
        assert (second.home / "port").read_text() == str(second.port)
    finally:
        second.stop()
        first.stop()


class Broken(Part):
    """A program that ends at once."""

    name = "broken"

    def command(self) -> list[str]:
        return [sys.executable, "-c", "import sys; sys.exit('no luck')"]

    def is_ready(self) -> bool:
        return False


class Squatted(Broken):
    """The same, while somebody else answers at the port."""

    def is_ready(self) -> bool:
        return self._process is not None and self._process.wait() is not None


@pytest.mark.parametrize("kind", [Broken, Squatted])
def test_a_part_that_does_not_start_says_where_its_log_is(tmp_path: Path, kind: type[Part]) -> None:
    part = kind(tmp_path)
    with pytest.raises(PartFailed, match="ended with 1 while starting") as caught:
        part.start()
    assert str(part.log) in str(caught.value)
    assert "no luck" in part.log.read_text()
    part.stop()


def test_the_children_of_a_killed_owner_die_with_it(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from ops.stack import Valkey; import sys\n"
        "part = Valkey(Path(sys.argv[1]), password='hush'); part.start(); print(part.pid, flush=True); input()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists(), "the child gone")
    assert (tmp_path / "valkey" / "pid").exists()


# The chain's state, which its program does not write atomically.


def test_a_torn_state_of_the_chain_is_replaced_by_the_last_whole_one(tmp_path: Path) -> None:
    store = _chain(tmp_path)
    store.part.start()
    store.keep()
    store.part.kill()
    state = store.part.home / "state.json"
    state.write_bytes(state.read_bytes()[:-20])
    try:
        store.part.start()
        assert store.kept()
    finally:
        store.part.stop()


def test_a_torn_state_without_a_whole_copy_is_refused_not_forgotten(tmp_path: Path) -> None:
    chain = Chain(tmp_path, tools=TOOLS, block_time_s=0)
    (chain.home / "state.json").write_text('{"block":')
    with pytest.raises(PartFailed, match="torn"):
        chain.start()
    assert (chain.home / "state.json").read_text() == '{"block":'


def test_a_chain_started_again_after_its_death_has_one_keeper(tmp_path: Path) -> None:
    chain = Chain(tmp_path, tools=TOOLS, block_time_s=0)
    chain.start()
    first = chain._keeper
    assert chain._process is not None
    os.kill(chain._process.pid, signal.SIGKILL)  # as a crash would, behind the owner's back
    chain._process.wait()
    try:
        chain.start()
        assert first is not None
        assert not first.is_alive()
    finally:
        chain.stop()


# The whole stack.


def _stack(home: Path) -> Stack:
    return Stack(home, tools=TOOLS, block_time_s=0)


def test_two_homes_run_side_by_side_and_a_stopped_one_leaves_the_other_alone(tmp_path: Path) -> None:
    first, second = _stack(tmp_path / "a"), _stack(tmp_path / "b")
    try:
        first.start()
        second.start()
        assert len({part.port for stack in (first, second) for part in stack.parts.values()}) == 6
        first.stop()
        assert all(part.alive for part in second.parts.values())
        assert not any(part.alive for part in first.parts.values())
        with psycopg.connect(second.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        first.stop()
        second.stop()


def _small(home: Path) -> Stack:
    """A stack of one part."""
    return Stack(home, tools=TOOLS, database_url="postgresql://elsewhere/tandem", rpc_url="http://elsewhere")


def test_what_a_setting_replaces_is_not_started(tmp_path: Path) -> None:
    stack = _small(tmp_path)
    assert set(stack.parts) == {"valkey"}
    assert (stack.database_url, stack.rpc_url) == ("postgresql://elsewhere/tandem", "http://elsewhere")
    assert not (tmp_path / "postgres").exists()


def test_a_second_owner_of_a_home_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    first, second = _small(tmp_path), _small(tmp_path)
    first.start()
    try:
        with pytest.raises(PartFailed, match=f"is run by process {os.getpid()} already"):
            second.start()
        second.stop()
        assert first.parts["valkey"].alive
    finally:
        first.stop()
    second.start()
    second.stop()


def test_what_died_is_revived_by_name(tmp_path: Path) -> None:
    stack = _small(tmp_path)
    stack.start()
    try:
        assert stack.revive() == []
        stack.parts["valkey"].kill()
        assert stack.revive() == ["valkey"]
        assert stack.parts["valkey"].alive
    finally:
        stack.stop()


def test_a_stack_of_which_one_part_does_not_start_leaves_none_running(
    tmp_path: Path,
) -> None:
    stack = Stack(tmp_path, tools=TOOLS, database_url="postgresql://elsewhere/tandem")
    assert stack.chain is not None
    (stack.chain.home / "state.json").write_text("torn")
    with pytest.raises(PartFailed):
        stack.start()
    assert not any(part.alive for part in stack.parts.values())
    heir = _small(tmp_path)
    heir.start()  # the home is free again
    heir.stop()


def test_the_passwords_of_a_home_are_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = _small(tmp_path).redis_url
    assert _small(tmp_path).redis_url == first
    assert _small(tmp_path / "other").redis_url != first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert list(tmp_path.glob("*.draft")) == []


def test_a_password_stands_in_no_process_list(tmp_path: Path) -> None:
    stack = _small(tmp_path)
    stack.start()
    try:
        secret = msgspec.json.decode((tmp_path / "secrets.json").read_bytes())["valkey"]
        assert secret not in Path(f"/proc/{stack.parts['valkey'].pid}/cmdline").read_text()
        with (
            pytest.raises(redis.AuthenticationError),
            redis.Redis(port=stack.parts["valkey"].port, retry=NO_RETRY) as stranger,
        ):
            stranger.ping()
    finally:
        stack.stop()


def test_a_free_port_is_free() -> None:
    assert is_free(free_port())


def test_a_free_port_is_below_those_of_outgoing_connections() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(port < first for port in [free_port() for _ in range(50)])


def test_a_part_whose_port_is_taken_before_it_binds_it_takes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _valkey(tmp_path)
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", 0))
        taker.listen()
        taken = taker.getsockname()[1]
        given = iter([taken, free_port()])
        monkeypatch.setattr("ops.stack.part.free_port", lambda: next(given))
        try:
            store.part.start()
            store.keep()
            assert store.kept()
            assert store.part.port != taken
            assert (tmp_path / "valkey" / "port").read_text() == str(store.part.port)
        finally:
            store.part.stop()


def test_a_part_that_ends_while_starting_is_tried_thrice_and_its_last_words_are_told(tmp_path: Path) -> None:
    part = Broken(tmp_path)
    with pytest.raises(PartFailed, match=r"broken ended with 1 while starting \(no luck\); see .*log"):
        part.start()
    assert part.log.read_text().count("no luck") == STARTS_MAX
