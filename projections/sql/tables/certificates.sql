CREATE TABLE {table} (
    id uuid NOT NULL,
    position bigint NOT NULL,
    campaign_id uuid NOT NULL,
    wallet text NOT NULL,
    shares numeric(38, 0) NOT NULL,
    allotted_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('allotted', 'active', 'revoked', 'abandoned')),
    token_id text,
    certified_position bigint,
    certified_at timestamptz,
    certified_tx_hash text,
    held jsonb,
    changes jsonb NOT NULL
);

ALTER TABLE {table} ADD PRIMARY KEY (id);
ALTER TABLE {table} ADD UNIQUE (position);
CREATE INDEX ON {table} (campaign_id, position);
