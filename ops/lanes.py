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


def state_of(lane: LaneFigures) -> str:
    """A lane that nobody drives right now rests: it is taken up within seconds, or when something is queued."""
    if lane.quarantined:
        return "in quarantine"
    if lane.signer is None:
        return "never driven"
    return "drains" if lane.draining else "driven" if lane.leased else "rests"


def short(address: str | None) -> str:
    """Enough of an address to tell the keys of one lane apart."""
    return f"{address[:6]}…{address[-4:]}" if address else ""


def show(settings: Settings, *, as_json: bool) -> None:
    """Every lane with its signer, nonces, queue and what it has spent."""
    lanes = figures_of(settings)
    if as_json:
        print_json(lanes)
        return
    print_table(
        "keys",
        ("lane", "signer", "state", "worker"),
        [(n.name, n.signer, state_of(n), n.owner) for n in lanes],
        whole=("signer",),
    )
    numbers = ("next nonce", "final nonce", "in flight", "queued", "held", "gas used", "fees wei")
    print_table(
        "nonces",
        ("lane", *numbers),
        [(n.name, n.next_nonce, n.final_nonce, n.in_flight, n.queued, n.held, n.gas_used, n.fees_wei) for n in lanes],
        right=numbers,
    )
    for lane in lanes:
        if lane.quarantine is not None:
            print(f"! {lane.name} is in quarantine: {lane.quarantine}")


def reinstate(settings: Settings, name: str) -> int:
    """Lift the quarantine of a lane. Returns 1 if it was in none, or is not known."""
    known = any(lane.name == name for lane in figures_of(settings))
    store = WriterStore(settings.dsn("writer"))
    try:
        lifted = store.reinstate(name)
    finally:
        store.close()
    not_lifted = "is not in quarantine" if known else "is not known on any chain"
    sys.stdout.write(f"{name} may go on\n" if lifted else f"{name} {not_lifted}\n")
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
