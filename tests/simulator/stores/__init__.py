"""The stores of every room in memory, over one database: what simulated processes have instead of PostgreSQL.

Each is held against the real one by the same tests (tests/unit/simulator/test_stores_*.py). What only the database's
column types refuse, a hash of the wrong form or a text that is too long, is not refused here.
"""

from tests.simulator.stores.book import BookTables, MemoryBook
from tests.simulator.stores.database import Connection, MemoryDatabase, Snapshot
from tests.simulator.stores.indexer import IndexerTables, MemoryIndexerStore
from tests.simulator.stores.journal import JournalTables, MemoryLedger, MemoryReader, MemorySession
from tests.simulator.stores.processes import MemoryProcesses, ProcessTables
from tests.simulator.stores.writer import MemoryWriterStore
from tests.simulator.stores.writer_tables import WriterTables

__all__ = [
    "BookTables",
    "Connection",
    "IndexerTables",
    "JournalTables",
    "MemoryBook",
    "MemoryDatabase",
    "MemoryIndexerStore",
    "MemoryLedger",
    "MemoryProcesses",
    "MemoryReader",
    "MemorySession",
    "MemoryWriterStore",
    "ProcessTables",
    "Snapshot",
    "WriterTables",
]
