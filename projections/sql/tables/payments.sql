-- Early entries named late money by its provider and reference only: those rows have version 0.
CREATE TABLE {table} (
    id uuid NOT NULL,
    position bigint NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    provider text NOT NULL,
    reference text NOT NULL,
    currency text NOT NULL,
    amount numeric(38, 0) NOT NULL,
    recorder text NOT NULL,
    state text NOT NULL,
    investment_id uuid,
    campaign_id uuid,
    applied numeric(38, 0) NOT NULL CHECK (applied >= 0),
    owed numeric(38, 0) NOT NULL CHECK (owed >= 0),
    returned numeric(38, 0) NOT NULL CHECK (returned >= 0),
    reversed numeric(38, 0) NOT NULL CHECK (reversed >= 0),
    reclaimed numeric(38, 0) NOT NULL CHECK (reclaimed BETWEEN 0 AND returned),
    matched_position bigint,
    freed_reason text,
    returned_position bigint,
    return_reference text,
    reversed_position bigint,
    reversed_reason text,
    depositor text,
    deposited_for text,
    deposited_in text,
    CHECK (amount = applied + owed + returned + reversed)
);

ALTER TABLE {table} ADD PRIMARY KEY (id);
CREATE INDEX ON {table} (investment_id, position);
CREATE INDEX ON {table} (campaign_id, position);
CREATE INDEX ON {table} (state, position);
