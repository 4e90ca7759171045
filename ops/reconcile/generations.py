"""Two generations of the chain ledger, compared with the journal and with each other, holder by holder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any
from uuid import UUID

import msgspec

from domain.journal import JournalReader
from domain.topics import codec
from ops import contracts
from ops.reconcile.chain import Certificate, ChainReader, ChainSide, OnCampaign, OnCompany
from ops.reconcile.explain import Explainer
from ops.reconcile.holdings import Holdings
from ops.reconcile.journal import JournalSide
from ops.reconcile.node import BatchRpc
from ops.reconcile.nouns import Difference
from ops.reconcile.reconciler import READER_ROOM, later_than, signers_of
from ops.settings import Settings


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared, and what differs. `block` is where the rebuilt chain was read."""

    journal_position: int
    block: int
    living_block: int
    checked: dict[str, int]
    differences: list[Difference]


def compare(living: Settings, rebuilt: Settings) -> Compared:
    """The rebuilt generation against the journal, then against the living one. What is on its way there may differ yet.

    Raises psycopg.OperationalError, httpx.HTTPError or RpcRefused while a side cannot be read.
    """
    new, old = rebuilt.generation(), living.generation()
    with ExitStack() as opened:
        new_rpc = opened.enter_context(closing(BatchRpc(rebuilt.rpc_url)))
        old_rpc = opened.enter_context(closing(BatchRpc(living.rpc_url)))
        reader = opened.enter_context(closing(JournalReader(living.dsn(READER_ROOM), codec=codec())))
        journal, as_living = JournalSide(new), JournalSide(old)
        for entry in journal.read(reader):
            as_living.take(entry)
        journal.forget_places()  # what the journal knows of them, it knows of the living generation
        chain = _read(ChainReader(new_rpc, new), journal)
        on_living = _read(ChainReader(old_rpc, old), as_living)
        signers = signers_of(rebuilt)
        explained = Explainer(journal, new, signers=signers, later=later_than(journal, chain, reader)).explain(
            chain.logs
        )
        wrong = contracts.check(new_rpc, new, signers=signers)
    on_chain = set(explained.met)
    differences = [
        *(_of_contracts(new.chain_id, sentence) for sentence in wrong),
        *explained.differences,
        *_missing(journal, chain),
        *Holdings(journal, on_chain=on_chain, moved=set(explained.moved)).compare(chain),
        *_between(journal, on_living, chain),
    ]
    return Compared(
        journal_position=journal.position,
        block=chain.block,
        living_block=on_living.block,
        checked={
            "postings": len(journal.obligations),
            "logs on the chain": len(chain.logs),
            "logs that repeat": explained.repeated,
            "companies": len(chain.companies),
            "campaigns": len(chain.campaigns),
            "certificates": len(chain.certificates),
        },
        differences=differences,
    )


def _read(reader: ChainReader, journal: JournalSide) -> ChainSide:
    head, block = reader.choose(finality_depth=0, confirmed=0)
    return reader.read(journal, head=head, block=block)


def _missing(journal: JournalSide, chain: ChainSide) -> Iterator[Difference]:
    """Each posting that was not abandoned has its digest on the chain."""
    for position, obligation in journal.obligations.items():
        have = chain.digests[position]
        if position in journal.abandonments or have == obligation.digest:
            continue
        yield Difference(
            kind="chain-conflict" if have else "chain-differs",
            subject=obligation.subject,
            id=str(obligation.stream),
            what=f"{type(obligation.log).__name__} of {obligation.contract}",
            journal=f"digest 0x{obligation.digest.hex()}",
            chain=f"digest 0x{have.hex()}" if have else None,
            positions=(position,),
        )


def _between(journal: JournalSide, living: ChainSide, rebuilt: ChainSide) -> Iterator[Difference]:
    yield from _differing(journal, "company", OnCompany, living.companies, rebuilt.companies)
    yield from _differing(journal, "campaign", OnCampaign, living.campaigns, rebuilt.campaigns)
    yield from _differing(journal, "investment", Certificate, living.certificates, rebuilt.certificates)


def _differing(
    journal: JournalSide, subject: str, kind: type[Any], living: Mapping[UUID, Any], rebuilt: Mapping[UUID, Any]
) -> Iterator[Difference]:
    for thing, there in living.items():
        here = rebuilt[thing]
        for what in kind.__struct_fields__:
            if getattr(there, what) != getattr(here, what):
                yield Difference(
                    kind="generation-differs",
                    subject=subject,
                    id=str(thing),
                    what=f"certificate {what}" if kind is Certificate else what,
                    living=str(getattr(there, what)),
                    chain=str(getattr(here, what)),
                    positions=journal.streams[thing].shown,
                )


def _of_contracts(chain_id: int, sentence: str) -> Difference:
    return Difference(kind="contract-differs", subject="contract", id=str(chain_id), what=sentence)
