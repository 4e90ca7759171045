CREATE TABLE {table} (
    position bigint NOT NULL,
    stream uuid NOT NULL,
    subject uuid NOT NULL,
    topic text NOT NULL,
    call text NOT NULL,
    obliged_at timestamptz NOT NULL,
    correlation_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'confirmed', 'rejected', 'released', 'abandonment-proposed',
                                         'abandoned')),
    confirmation_position bigint,
    confirmed_at timestamptz,
    generation uuid,
    chain_id bigint,
    block_number bigint,
    block_hash text,
    tx_hash text,
    log_index bigint,
    rejection_position bigint,
    rejection_code text,
    rejection_reason text,
    release_position bigint,
    released_by text,
    release_reason text,
    proposal_position bigint,
    proposed_by text,
    proposal_reason text,
    abandonment_position bigint,
    abandoned_by text
);

ALTER TABLE {table} ADD PRIMARY KEY (position);
CREATE INDEX ON {table} (stream, position);
CREATE INDEX ON {table} (state, position) WHERE state <> 'confirmed';
