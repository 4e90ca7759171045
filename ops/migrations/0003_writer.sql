-- The chain writer.

CREATE SCHEMA writer;
GRANT USAGE ON SCHEMA writer TO tandem_writer;
