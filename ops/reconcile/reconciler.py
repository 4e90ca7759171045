"""The comparison itself: reads the sides in the order that makes them comparable, and lets the comparers judge."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing

import msgspec

from abis import Generation
from abis.hashing import checksummed
from chain_indexer.questions import Questions
from domain.journal import JournalReader
from domain.topics import codec
from ops import contracts
from ops.foundation import address_of
from ops.reconcile.chain import ChainReader, ChainSide
from ops.reconcile.explain import Explainer
from ops.reconcile.holdings import Holdings
from ops.reconcile.journal import JournalSide
from ops.reconcile.node import BatchRpc
from ops.reconcile.nouns import Difference, Pending, Reconciliation
from ops.reconcile.postings import compare_postings
from ops.settings import Settings

READER_ROOM = "api"  # may read the journal, the book and the indexer's standing


def reconcile(settings: Settings) -> Reconciliation:
    """Compare journal, book and chain now, waiting for nothing.

    The sides are read in the order in which things come to them, latest first: what the indexer has passed and what
    the book shows must be in the journal, and what the journal confirms must be on the chain.
    Raises psycopg.OperationalError, httpx.HTTPError or RpcRefused while one of them cannot be read.
    """
    dsn, generation = settings.dsn(READER_ROOM), settings.generation()
    with ExitStack() as opened:
        rpc = opened.enter_context(closing(BatchRpc(settings.rpc_url)))
        reader = opened.enter_context(closing(JournalReader(dsn, codec=codec())))
        checkpoint = _checkpoint(dsn, generation)
        journal = JournalSide(generation)
        journal.read(reader)
        chain, compared = _compare_chain(journal, reader, rpc, settings, checkpoint=checkpoint)
    return Reconciliation(
        ok=not compared.differences,
        journal_position=journal.position,
        book_position=0,
        checkpoint=checkpoint,
        head=chain.head,
        block=chain.block,
        checked={"entries": journal.position, **compared.checked},
        differences=compared.differences,
        pending=compared.pending,
    )


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing two sides found."""

    checked: dict[str, int]
    differences: list[Difference]
    pending: list[Pending]


def _compare_chain(
    journal: JournalSide, reader: JournalReader, rpc: BatchRpc, settings: Settings, *, checkpoint: int
) -> tuple[ChainSide, Compared]:
    generation, signers = settings.generation(), signers_of(settings)
    chain_reader = ChainReader(rpc, generation)
    confirmed = max((c.fact.block_number for c in journal.confirmations.values()), default=0)
    head, block = chain_reader.choose(finality_depth=settings.finality_depth, confirmed=confirmed)
    chain = chain_reader.read(journal, head=head, block=block)
    later = _later(journal, chain, reader)
    explained = Explainer(journal, generation, signers=signers, later=later).explain(chain.logs)
    posted = compare_postings(journal, digests=chain.digests, met=explained.met, checkpoint=checkpoint)
    return chain, Compared(
        checked={
            "logs on the chain": len(chain.logs),
            "logs that repeat": explained.repeated,
            "postings": len(journal.obligations),
            "companies on the chain": len(chain.wallets),
            "campaigns on the chain": len(chain.campaigns),
            "certificates on the chain": len(chain.certificates),
        },
        differences=[
            *_contracts_differ(rpc, generation, signers),
            *explained.differences,
            *posted.differences,
            *Holdings(journal, on_chain=posted.on_chain).compare(chain),
        ],
        pending=posted.pending,
    )


def _later(journal: JournalSide, chain: ChainSide, reader: JournalReader) -> set[bytes]:
    """The leaves on the chain of entries that were recorded while we were reading."""
    leaves = {leaf for found in chain.logs if (leaf := getattr(found.said, "entry", None)) is not None}
    unknown = sorted(leaves - journal.leaves.keys())
    return {leaf for leaf, position in reader.positions_of(unknown).items() if position > journal.position}


def _contracts_differ(rpc: BatchRpc, generation: Generation, signers: Sequence[str]) -> list[Difference]:
    return [
        Difference(kind="contract-differs", subject="contract", id=str(generation.chain_id), what=sentence)
        for sentence in contracts.check(rpc, generation, signers=signers)
    ]


def _checkpoint(dsn: str, generation: Generation) -> int:
    """How far the indexer has fed the chain back; before its first step that is where the contracts begin."""
    with closing(Questions(dsn)) as questions:
        standing = questions.standing()
    return standing.block_number if standing is not None else generation.start_block


class _Keystore(msgspec.Struct):
    """The one field of a keystore file that is no secret."""

    address: str


def signers_of(settings: Settings) -> list[str]:
    """The addresses that write for us: of the keystores, or of a local stack's own keys; none that we do not know."""
    if settings.keystore_folder is not None:
        files = [settings.keystore_folder / f"{lane}.json" for lane in settings.lane_names]
        return [checksummed(msgspec.json.decode(file.read_bytes(), type=_Keystore).address) for file in files]
    if settings.local:
        return [address_of(settings.home, lane) for lane in settings.lane_names]
    return []
