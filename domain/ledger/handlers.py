"""Commands of the chain ledger as a whole."""

from __future__ import annotations

from domain.asking import Command, Handler, Work
from domain.ledger import commands as c
from domain.ledger import promoting
from domain.ledger.state import LEDGER, ChainLedger


def _propose(command: c.ProposePromotion, work: Work) -> None:
    known = work.find(ChainLedger, LEDGER)
    event = promoting.propose(
        known or ChainLedger(),
        generation=command.generation,
        living=command.living,
        compared_position=command.compared_position,
        report_hash=command.report_hash,
        by=work.actor,
    )
    if known is None:
        work.create(LEDGER, event)
    else:
        work.record(LEDGER, event)


def _withdraw(command: c.WithdrawPromotion, work: Work) -> None:
    ledger = work.find(ChainLedger, LEDGER) or ChainLedger()
    work.record(LEDGER, promoting.withdraw(ledger, reason=command.reason))


def _promote(command: c.ApprovePromotion, work: Work) -> None:
    ledger = work.find(ChainLedger, LEDGER) or ChainLedger()
    event = promoting.promote(ledger, generation=command.generation_id, report_hash=command.report_hash, by=work.actor)
    work.record(LEDGER, event)


HANDLERS: dict[type[Command], Handler] = {
    c.ProposePromotion: _propose,
    c.WithdrawPromotion: _withdraw,
    c.ApprovePromotion: _promote,
}
