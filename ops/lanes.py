"""The lanes, for operators: how each stands, and the words that let one go on after a quarantine or a restore."""

from __future__ import annotations

import sys

from chain_writer.questions import LaneFigures, Questions
from chain_writer.store import WriterStore
from ops.settings import Settings
from ops.tables import print_json, print_table


def figures_of(settings: Settings) -> list[LaneFigures]:
    """Every lane in numbers, read once."""
    questions = Questions(settings.dsn("api"))
    try:
        return questions.lanes()
    finally:
        questions.close()


def show(settings: Settings, *, as_json: bool) -> None:
    """Every lane with its signer, nonces, queue and what it has spent."""
    lanes = figures_of(settings)
    if as_json:
        print_json(lanes)
        return
    columns = (
        "lane",
        "signer",
        "worker",
        "next nonce",
        "final nonce",
        "in flight",
        "queued",
        "held",
        "gas used",
        "drains",
        "quarantine",
    )
    print_table(
        "lanes",
        columns,
        [
            (
                *(n.name, n.signer, n.owner, n.next_nonce, n.final_nonce, n.in_flight, n.queued, n.held),
                n.gas_used,
                "yes" if n.draining else "",
                n.quarantine,
            )
            for n in lanes
        ],
        right=columns[3:9],
    )


def reinstate(settings: Settings, name: str) -> int:
    """Lift the quarantine of a lane. Returns 1 if it was in none."""
    store = WriterStore(settings.dsn("writer"))
    try:
        lifted = store.reinstate(name)
    finally:
        store.close()
    sys.stdout.write(f"{name} may go on\n" if lifted else f"{name} is not in quarantine\n")
    return 0 if lifted else 1


def restored(settings: Settings, name: str) -> int:
    """Say that records of a lane may be lost, so that it fills every nonce they had. Returns 1 if there is none."""
    store = WriterStore(settings.dsn("writer"))
    try:
        found = store.restored(name)
    finally:
        store.close()
    said = "fills every nonce that lost records may have, then goes on" if found else "is not known on any chain"
    sys.stdout.write(f"{name} {said}\n")
    return 0 if found else 1
