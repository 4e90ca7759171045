CREATE TABLE {table} (
    id text NOT NULL,
    position bigint NOT NULL,
    campaign_id uuid NOT NULL,
    release_id uuid NOT NULL,
    tranche integer NOT NULL,
    amount numeric(38, 0) NOT NULL,
    fee numeric(38, 0) NOT NULL,
    requester text NOT NULL,
    requested_at timestamptz NOT NULL,
    state text NOT NULL,
    wallet text,
    approved_position bigint,
    confirmed_position bigint,
    confirmed_tx_hash text,
    withdrawn_position bigint,
    withdrawn_tx_hash text,
    declined_position bigint,
    declined_reason text
);

ALTER TABLE {table} ADD PRIMARY KEY (id);
CREATE INDEX ON {table} (campaign_id, position);
