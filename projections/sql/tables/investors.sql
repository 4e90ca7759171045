CREATE TABLE {table} (
    id uuid NOT NULL,
    position bigint NOT NULL,
    version bigint NOT NULL,
    registered_at timestamptz NOT NULL,
    owner text NOT NULL,
    reference text NOT NULL,
    wallet text,
    challenge jsonb,
    kyc text NOT NULL,
    kyc_reason text,
    level text,
    kyc_until timestamptz,
    classification text NOT NULL,
    classified_until timestamptz,
    test_passed_until timestamptz,
    means jsonb NOT NULL,
    acknowledged jsonb NOT NULL,
    commitments bigint NOT NULL,
    erased boolean NOT NULL
);

ALTER TABLE {table} ADD PRIMARY KEY (id);
ALTER TABLE {table} ADD UNIQUE (position);
CREATE INDEX ON {table} (owner, position);
