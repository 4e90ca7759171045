"""Four eyes, everywhere the same: whoever asked, owns or submitted may not decide."""

from __future__ import annotations

from domain.errors import Refusal
from domain.journal.entries import Actor
from domain.values import ChainFact


def check_other_eyes(by: Actor, *not_by: str | None) -> None:
    """Refuse the one who asked (FINERACT's maker and checker; the platform replaced let anybody approve)."""
    if by.id in not_by:
        raise Refusal("four-eyes", "another person than the one who asked must decide this")


def check_own_hands(by: Actor, reviewer: str | None) -> None:
    """Refuse whoever is not the reviewer, once somebody has taken the review."""
    if reviewer not in {None, by.id}:
        raise Refusal("in-other-hands", "another person is reviewing this", reviewer=reviewer)


def same_fact(known: ChainFact | None, fact: ChainFact) -> bool:
    """Whether this is confirmed already: by the same log, or by another generation, which has it too.

    Another log of the same generation for a confirmed thing is refused.
    """
    if known is not None and known.generation == fact.generation and known != fact:
        raise Refusal("confirmed-otherwise", "this is confirmed by another log", tx_hash=known.tx_hash)
    return known is not None
