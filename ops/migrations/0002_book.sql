-- The book ledger.

CREATE SCHEMA book;
GRANT USAGE ON SCHEMA book TO tandem_book;
