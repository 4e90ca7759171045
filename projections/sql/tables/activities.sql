CREATE TABLE {table} (
    position bigint NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    public boolean NOT NULL,
    company_id uuid,
    campaign_id uuid,
    investor_id uuid,
    investment_id uuid,
    amount numeric(38, 0),
    shares numeric(38, 0)
);

ALTER TABLE {table} ADD PRIMARY KEY (position);
CREATE INDEX ON {table} (company_id, position) WHERE company_id IS NOT NULL;
CREATE INDEX ON {table} (campaign_id, position) WHERE campaign_id IS NOT NULL;
CREATE INDEX ON {table} (investor_id, position) WHERE investor_id IS NOT NULL;
