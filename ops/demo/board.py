"""How far the circle has come: for each stage how many things were begun and done, and since when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from ops.demo.plan import Plan

Half = Literal["begun", "done"]


class Stage(msgspec.Struct):
    """One kind of step that happens `total` times. On-chain stages are begun by an entry, done by its confirmation."""

    name: str
    label: str
    total: int
    begun: int = 0
    done: int = 0
    first_s: float | None = None
    last_s: float | None = None

    @property
    def complete(self) -> bool:
        return self.done >= self.total

    @property
    def took_s(self) -> float:
        """From the first thing begun to the last one done; 0 before there is such a stretch."""
        return self.last_s - self.first_s if self.first_s is not None and self.last_s is not None else 0.0


Observer = Callable[[Stage, Half], None]


class Board:
    """The stages of one run in their order. Observers are told of each count as it changes."""

    def __init__(self, plan: Plan, *, clock: Callable[[], float]) -> None:
        certified = sum(len(o.commitments) for o in plan.offerings if o.succeeds)
        refunded = plan.commitments - certified
        rows = (
            ("registered", "companies recorded by the registry", len(plan.offerings)),
            ("introduced", "investors known and approved", len(plan.investors)),
            ("deployed", "campaigns deployed by the factory", len(plan.offerings)),
            ("committed", "commitments accepted", plan.commitments),
            ("paid", "payments recorded", plan.commitments),
            ("recorded", "investments recorded on their contract", plan.commitments),
            ("closed", "campaigns closed on the chain", len(plan.offerings)),
            ("certified", "certificates issued", certified),
            ("refunded", "refunds recorded by the escrow", refunded),
            ("released", "release recorded by the escrow", 1),
        )
        self.stages = {name: Stage(name=name, label=label, total=total) for name, label, total in rows}
        self._clock = clock
        self._observers: list[Observer] = []

    def observe(self, observer: Observer) -> None:
        self._observers.append(observer)

    def begin(self, name: str) -> None:
        stage = self.stages[name]
        stage.begun += 1
        if stage.first_s is None:
            stage.first_s = self._clock()
        self._tell(stage, "begun")

    def finish(self, name: str) -> None:
        stage = self.stages[name]
        stage.done += 1
        stage.last_s = self._clock()
        self._tell(stage, "done")

    @property
    def in_flight(self) -> int:
        """Obliging entries whose confirmation is awaited."""
        chained = ("registered", "deployed", "recorded", "closed", "certified", "refunded", "released")
        return sum(self.stages[name].begun - self.stages[name].done for name in chained)

    def _tell(self, stage: Stage, half: Half) -> None:
        for observer in self._observers:
            observer(stage, half)
