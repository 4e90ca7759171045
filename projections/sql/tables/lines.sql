CREATE TABLE {table} (
    id text NOT NULL,
    position bigint NOT NULL,
    campaign_id uuid,
    currency text NOT NULL,
    account text NOT NULL,
    amount numeric(38, 0) NOT NULL CHECK (amount <> 0)
);

ALTER TABLE {table} ADD PRIMARY KEY (id);
CREATE INDEX ON {table} (account, currency) INCLUDE (amount);
CREATE INDEX ON {table} (campaign_id, position) INCLUDE (currency, account, amount);
