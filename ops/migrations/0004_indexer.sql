-- The chain indexer.

CREATE SCHEMA indexer;
GRANT USAGE ON SCHEMA indexer TO tandem_indexer;
