-- The register: who held which certificate from when to when. At any position at most one period of a certificate stands.
CREATE TABLE {table} (
    position bigint NOT NULL,
    investment_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    wallet text NOT NULL,
    shares numeric(38, 0) NOT NULL,
    token_id text NOT NULL,
    from_at timestamptz NOT NULL,
    began text NOT NULL,
    from_change uuid,
    from_tx_hash text NOT NULL,
    to_position bigint CHECK (to_position > position),
    to_at timestamptz,
    ended text,
    to_change uuid,
    to_tx_hash text,
    CHECK ((to_position IS NULL) = (ended IS NULL) AND (to_position IS NULL) = (to_at IS NULL))
);

ALTER TABLE {table} ADD PRIMARY KEY (position);
CREATE UNIQUE INDEX ON {table} (investment_id) WHERE to_position IS NULL;
CREATE INDEX ON {table} (investment_id, position);
CREATE INDEX ON {table} (campaign_id, position);
