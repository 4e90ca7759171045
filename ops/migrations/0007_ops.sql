-- What each running process last said of itself. Only `status` and the metrics read it; losing it loses nothing.

CREATE TABLE ops.heartbeats (
    process text NOT NULL CHECK (octet_length(process) BETWEEN 1 AND 100),
    instance text NOT NULL CHECK (octet_length(instance) BETWEEN 1 AND 200),
    loop text NOT NULL CHECK (octet_length(loop) BETWEEN 1 AND 100),
    position bigint NOT NULL,
    lag bigint NOT NULL,
    advanced bigint NOT NULL,
    trouble text CHECK (octet_length(trouble) <= 2000),
    beat_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (process, instance, loop)
);

GRANT USAGE ON SCHEMA ops TO tandem_api, tandem_writer, tandem_indexer, tandem_book, tandem_processes;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.heartbeats
    TO tandem_api, tandem_writer, tandem_indexer, tandem_book, tandem_processes;
