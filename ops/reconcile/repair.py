"""Repair by reading and posting again, never by editing: what the journal says is done once more, nothing else."""

from __future__ import annotations

from contextlib import ExitStack, closing

from chain_writer.follower import promise_again
from chain_writer.store import WriterStore
from domain.journal import JournalReader
from domain.topics import codec
from ops.rebuild import Wish, perform
from ops.rebuilt import Silent
from ops.reconcile.nouns import Reconciliation
from ops.settings import Settings
from projections.views import VIEWS

OF_THE_BOOK = {"book-differs", "book-missing", "book-foreign"}


def repair(settings: Settings, found: Reconciliation) -> list[str]:
    """Do what can be done again, and say in sentences what was done. What is on the chain stays for people."""
    done = []
    missing = sorted({d.positions[0] for d in found.differences if d.kind == "intent-missing"})
    if missing:
        promised = _promise(settings, missing)
        done.append(f"{promised} intents are promised again: the writer posts them")
    if any(d.kind in OF_THE_BOOK for d in found.differences):
        views = tuple(view.name for view in VIEWS)
        report = perform(settings, Wish(views=views, despite_differences=True), watcher=Silent())
        done.append(f"the book is rebuilt from {report.entries} entries, and {report.outcome}")
    return done


def _promise(settings: Settings, positions: list[int]) -> int:
    with ExitStack() as opened:
        reader = opened.enter_context(closing(JournalReader(settings.dsn("writer"), codec=codec())))
        store = opened.enter_context(closing(WriterStore(settings.dsn("writer"))))
        return promise_again(reader, store, settings.generation(), settings.lane_names, positions=positions)
