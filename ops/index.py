"""`index`: read the chain in the foreground, with a bar for who watches; or read a range again and compare."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chain_indexer.errors import IndexerStopped, NodeUnavailable
from chain_indexer.health import Healths, names_of
from chain_indexer.indexer import Indexer
from chain_indexer.store import IndexerStore
from chain_indexer.verifying import Difference, NothingToVerify
from domain.progress import Progress as Moved
from ops.errors import OperatorError
from ops.settings import Settings
from ops.tables import print_json
from ops.wiring import Opened, indexer_on, verifier_on

DIFFERENCES_TOLD_MAX = 1_000
TRIES_MAX = 20  # of one step, while the node does not answer
TRY_AGAIN_S = 0.5


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill in the foreground did: the blocks and logs of this run, and where it stands."""

    block_number: int
    blocks: int
    logs: int
    seconds: float
    logs_per_s: float


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """`differences` are the first of `differing`."""

    first: int
    last: int
    logs: int
    differing: int
    differences: list[Difference]


Tell = Callable[[int, int], None]  # the block that was reached, and how many logs so far


def verify(settings: Settings, *, first: int | None, last: int | None, as_json: bool) -> int:
    """Read a range again and compare. Returns 1 if the store differs."""
    if first is None or last is None:
        raise OperatorError("--verify needs --from and --to: the blocks that are read again")
    logs, differences = 0, list[Difference]()
    with ExitStack() as stack, bar(first - 1, last) as tell:
        verifier = verifier_on(settings, Opened(stack))
        try:
            for verified in verifier.verify(first, last):
                logs += verified.logs
                differences += verified.differences
                tell(verified.last, logs)
        except (NothingToVerify, NodeUnavailable) as error:
            raise OperatorError(str(error)) from error
    told = differences[:DIFFERENCES_TOLD_MAX]
    result = Verification(first=first, last=last, logs=logs, differing=len(differences), differences=told)
    if as_json:
        print_json(result)
    else:
        for one in told:
            print(f"{one.what}: log {one.log_index} of block {one.block_number}, tx {one.tx_hash}, by {one.address}")
        print(f"blocks {first} to {last}: {logs} logs on the chain, {len(differences)} stored otherwise")
    return 1 if differences else 0


def read(settings: Settings, *, to: int | None, as_import: bool, as_json: bool) -> int:
    """Read until a block, or until everything final is fed. With `as_import` the journal is told of nothing."""
    if as_import and to is None:
        raise OperatorError("--import needs --to: the last block of the history that the journal is not told of")
    with ExitStack() as stack:
        opened = Opened(stack)
        store = opened.keep(IndexerStore(settings.dsn("indexer")))
        if not store.lead():
            raise OperatorError("an indexer is running on this database and reads already: see `status`, or stop it")
        healths = Healths(names_of(settings.rpc_urls))
        indexer = indexer_on(settings, opened, store, healths, imports_to=to if as_import and to else 0)
        result = _through(indexer, store, to)
    if as_json:
        print_json(result)
    else:
        print(
            f"block {result.block_number}: {result.blocks} blocks, {result.logs} logs, {result.logs_per_s:,.0f} logs/s"
        )
    return 0


def _through(indexer: Indexer, store: IndexerStore, to: int | None) -> Read:
    began_s, logs_before = time.monotonic(), store.logs()
    progress = _tried(indexer)
    first = progress.position - progress.advanced
    with bar(first, to or progress.position + progress.lag) as tell:
        while (progress.lag if to is None else progress.position < to) and (progress.advanced or progress.lag):
            progress = _tried(indexer)
            tell(progress.position, store.logs() - logs_before)
    seconds, logs = time.monotonic() - began_s, store.logs() - logs_before
    return Read(
        block_number=progress.position,
        blocks=progress.position - first,
        logs=logs,
        seconds=round(seconds, 3),
        logs_per_s=round(logs / max(seconds, 1e-9), 1),
    )


def _tried(indexer: Indexer) -> Moved:
    """One step, again and again while the node does not answer."""
    for again in range(TRIES_MAX):
        try:
            return indexer.step()
        except IndexerStopped as error:
            raise OperatorError(str(error)) from error
        except NodeUnavailable as error:
            if again == TRIES_MAX - 1:
                raise OperatorError(f"the node gave no usable answer {TRIES_MAX} times: {error}") from error
            time.sleep(TRY_AGAIN_S)
    raise AssertionError("the last try returns or raises")


@contextmanager
def bar(first: int, last: int) -> Iterator[Tell]:
    """Blocks, logs, rate and the time left on the terminal of whoever watches; nothing where nobody does."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda _block, _logs: None
        return
    columns = (
        TextColumn("blocks"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[logs]:,} logs, {task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    began_s = time.monotonic()
    with Progress(*columns, console=console) as shown:
        task = shown.add_task("", total=last - first, logs=0, rate=0.0)

        def tell(block: int, logs: int) -> None:
            rate = logs / max(time.monotonic() - began_s, 1e-9)
            shown.update(task, completed=block - first, logs=logs, rate=rate)

        yield tell
