"""One command in, its events out: the right to ask, then the handler that loads, decides and records."""

from __future__ import annotations

from typing import Any

from domain import commands as c
from domain import posting_handlers
from domain.asking import Command, Handler, Work
from domain.campaign import end_handlers as campaign_ends
from domain.campaign import handlers as campaigns
from domain.company import handlers as companies
from domain.errors import Refusal
from domain.investment import handlers as investments
from domain.investor import handlers as investors
from domain.ledger import handlers as ledger
from domain.payment import handlers as payments


def decide(command: Any, work: Work) -> None:
    """Record the events of a command on `work`, or raise Refusal and record nothing."""
    roles = c.ALLOWED[type(command)]
    if work.actor.role not in roles:
        raise Refusal(
            "role-not-allowed",
            f"{type(command).__name__} is for {', '.join(sorted(roles))}, not for {work.actor.role}",
            role=work.actor.role,
        )
    HANDLERS[type(command)](command, work)


HANDLERS: dict[type[Command], Handler] = {
    **companies.HANDLERS,
    **campaigns.HANDLERS,
    **campaign_ends.HANDLERS,
    **investors.HANDLERS,
    **investments.HANDLERS,
    **payments.HANDLERS,
    **posting_handlers.HANDLERS,
    **ledger.HANDLERS,
}
