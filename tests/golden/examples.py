"""One example of each topic and schema version, as values. What stands here is for ever: add, never change.

A new topic or schema version gets a line at the end of the last list; `python -m tests.golden.add` then writes its
file. When a class moves on to a new schema version, its old line stays, with the value that the upcasters must lift it
to; a form that only came later (an optional field, a larger amount) is a variant of its own.
"""

from __future__ import annotations

from tests.golden.coin import COINS
from tests.golden.example import Example
from tests.golden.first_circle import FIRST_CIRCLE
from tests.golden.investing import INVESTING
from tests.golden.ledger import LEDGERS
from tests.golden.offering import OFFERING
from tests.golden.postings import POSTINGS

EXAMPLES: tuple[Example, ...] = (*FIRST_CIRCLE, *OFFERING, *INVESTING, *COINS, *POSTINGS, *LEDGERS)
