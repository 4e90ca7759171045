CREATE TABLE {table} (
    position bigint NOT NULL,
    campaign_id uuid NOT NULL,
    update_id uuid NOT NULL,
    title text NOT NULL,
    sha256 text NOT NULL,
    cid text,
    posted_at timestamptz NOT NULL
);

ALTER TABLE {table} ADD PRIMARY KEY (position);
CREATE INDEX ON {table} (campaign_id, position);
