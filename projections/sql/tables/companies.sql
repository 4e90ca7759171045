CREATE TABLE {table} (
    id uuid NOT NULL,
    position bigint NOT NULL,
    version bigint NOT NULL,
    registered_at timestamptz NOT NULL,
    owner text NOT NULL,
    legal_name text NOT NULL,
    tax_number text NOT NULL,
    sector text NOT NULL,
    registration_year integer NOT NULL,
    wallet text NOT NULL,
    profile jsonb NOT NULL,
    documents jsonb NOT NULL,
    documents_hash text,
    kyb text NOT NULL,
    kyb_reason text,
    submitter text,
    submitted_hash text,
    reviewer text,
    valid_until timestamptz,
    suspended_by text,
    suspended_reason text,
    rotation_wallet text,
    rotation_requester text,
    memorandum text,
    memorandum_number integer NOT NULL,
    memorandum_cid text,
    registration text NOT NULL,
    confirmed_position bigint,
    confirmed_tx_hash text,
    locked_by uuid,
    campaign_years jsonb NOT NULL,
    overrides jsonb NOT NULL,
    raises jsonb NOT NULL
);

ALTER TABLE {table} ADD PRIMARY KEY (id);
ALTER TABLE {table} ADD UNIQUE (position);
CREATE INDEX ON {table} (owner, position);
