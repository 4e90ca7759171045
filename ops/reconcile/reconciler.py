"""The comparison itself: reads the sides in the order that makes them comparable, and lets the comparers judge."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, closing

import msgspec

from abis import Generation
from abis.hashing import checksummed
from chain_indexer.indexer import name_of
from chain_indexer.questions import Questions
from domain.journal import JournalReader
from domain.topics import codec
from ops import contracts
from ops.places import address_of
from ops.reconcile.book import BookSide, read_book
from ops.reconcile.chain import ChainReader, ChainSide
from ops.reconcile.coin import CoinComparer
from ops.reconcile.escrow import EscrowReader
from ops.reconcile.expected import ExpectedBook, touched
from ops.reconcile.explain import Explainer
from ops.reconcile.holdings import Holdings
from ops.reconcile.intents import missing_intents, read_promises
from ops.reconcile.journal import JournalSide
from ops.reconcile.node import BatchRpc
from ops.reconcile.nouns import Difference, Pending, Reconciliation
from ops.reconcile.postings import compare_postings
from ops.reconcile.rows import RowComparer
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
        checkpoint, promised = _checkpoint(dsn, generation), read_promises(dsn, generation)
        book = asyncio.run(read_book(dsn))
        journal = JournalSide(generation)
        with_book = _compare_book(journal, reader, book)
        deque(journal.read(reader), maxlen=0)
        chain, with_chain = _compare_chain(journal, reader, rpc, settings, checkpoint=checkpoint)
    differences = [*with_book.differences, *with_chain.differences, *missing_intents(journal, promised)]
    return Reconciliation(
        ok=not differences,
        journal_position=journal.position,
        book_position=book.after,
        checkpoint=checkpoint,
        head=chain.head,
        block=chain.block,
        checked={"entries": journal.position, **with_book.checked, **with_chain.checked},
        differences=differences,
        pending=[*with_book.pending, *with_chain.pending],
    )


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing two sides found."""

    checked: dict[str, int]
    differences: list[Difference]
    pending: list[Pending]


def _compare_book(journal: JournalSide, reader: JournalReader, book: BookSide) -> Compared:
    """Read the journal as far as the book was when its reading began, and compare the two there."""
    expected = ExpectedBook()
    for entry in journal.read(reader, through=book.before):
        expected.take(entry)
    moved = reader.read(after=book.before, limit=book.after - book.before) if book.after > book.before else []
    comparer = RowComparer(journal, book, moving=touched(moved))
    rows, balances = expected.rows(journal), expected.balances()
    differences = [*comparer.compare(rows), *comparer.compare_balances(balances)]
    if book.before > journal.position:
        differences.append(_ahead(book, journal))
    return Compared(
        checked={"rows of the book": len(rows), "accounts of the book": len(balances)},
        differences=differences,
        pending=_behind(book, head=reader.head()),
    )


def _ahead(book: BookSide, journal: JournalSide) -> Difference:
    return Difference(
        kind="book-foreign",
        subject="book",
        id="book",
        what="position",
        journal=str(journal.position),
        book=str(book.before),
    )


def _behind(book: BookSide, *, head: int) -> list[Pending]:
    if book.before >= head:
        return []
    what = f"{head - book.before} entries of the journal are not in it yet"
    return [Pending(subject="book", id="book", what=what, positions=(book.before + 1, head))]


def _compare_chain(
    journal: JournalSide, reader: JournalReader, rpc: BatchRpc, settings: Settings, *, checkpoint: int
) -> tuple[ChainSide, Compared]:
    generation, signers = settings.generation(), signers_of(settings)
    chain_reader = ChainReader(rpc, generation)
    confirmed = _last_believed(journal)
    head, block = chain_reader.choose(finality_depth=settings.finality_depth, confirmed=confirmed)
    chain = chain_reader.read(journal, head=head, block=block)
    later = later_than(journal, chain, reader)
    explained = Explainer(journal, generation, signers=signers, later=later).explain(chain.logs)
    posted = compare_postings(
        journal, digests=chain.digests, met=explained.met, moved=explained.moved, checkpoint=checkpoint
    )
    coin = CoinComparer(
        journal,
        escrow=generation.addresses["FundEscrow"],
        logs=chain.logs,
        met=explained.met,
        posted=posted.on_chain,
        checkpoint=checkpoint,
    ).compare(EscrowReader(rpc, generation.addresses["FundEscrow"]), block=block)
    return chain, Compared(
        checked={
            "logs on the chain": len(chain.logs),
            "logs that repeat": explained.repeated,
            "postings": len(journal.obligations),
            "companies on the chain": len(chain.companies),
            "campaigns on the chain": len(chain.campaigns),
            "certificates on the chain": len(chain.certificates),
            **coin.checked,
        },
        differences=[
            *_contracts_differ(rpc, generation, signers),
            *explained.differences,
            *posted.differences,
            *Holdings(journal, on_chain=posted.on_chain, moved=posted.moved).compare(chain),
            *coin.differences,
        ],
        pending=[*posted.pending, *coin.pending],
    )


def _last_believed(journal: JournalSide) -> int:
    """The last block that the journal has heard of."""
    confirmed = (confirmation.fact.block_number for confirmation in journal.confirmations.values())
    told = (fact.block_number for facts in journal.coin.values() for fact in facts)
    return max((*confirmed, *told), default=0)


def later_than(journal: JournalSide, chain: ChainSide, reader: JournalReader) -> set[bytes]:
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
        reached = questions.checkpoint_of(name_of(generation))
    return reached if reached is not None else generation.start_block


class _Keystore(msgspec.Struct):
    """The one field of a keystore file that is no secret."""

    address: str


def signers_of(settings: Settings) -> list[str]:
    """The addresses that write for us: of the keystores, or of a local stack's own keys; none that we do not know."""
    if settings.keystore_folder is not None:
        files = [settings.keystore_folder / f"{lane}.json" for lane in settings.lane_names]
        return [checksummed(msgspec.json.decode(file.read_bytes(), type=_Keystore).address) for file in files]
    if settings.local:
        return [address_of(settings.keys_home, lane) for lane in settings.lane_names]
    return []
