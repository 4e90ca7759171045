CREATE TABLE {table} (
    id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    investor_id uuid NOT NULL
);

ALTER TABLE {table} ADD PRIMARY KEY (id);
