CREATE TABLE {table} (
    id uuid NOT NULL,
    position bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'withdrawn', 'living', 'ended')),
    chain_id bigint,
    genesis_hash text,
    start_block bigint,
    compared_position bigint,
    report_hash text,
    proposed_position bigint,
    proposed_at timestamptz,
    proposed_by text,
    withdrawn_reason text,
    promoted_position bigint,
    promoted_at timestamptz,
    promoted_by text,
    ended_position bigint
);

ALTER TABLE {table} ADD PRIMARY KEY (id);
