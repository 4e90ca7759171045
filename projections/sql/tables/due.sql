-- What falls due; what falls due no longer stays, with the entry that said so.
CREATE TABLE {table} (
    id text NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    stream uuid NOT NULL,
    item uuid,
    at timestamptz NOT NULL,
    position bigint NOT NULL,
    settled_position bigint
);

ALTER TABLE {table} ADD PRIMARY KEY (id);
ALTER TABLE {table} ADD UNIQUE (number);
CREATE INDEX ON {table} (at, number) WHERE settled_position IS NULL;
CREATE INDEX ON {table} (stream);
