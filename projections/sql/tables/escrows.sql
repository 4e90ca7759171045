-- What each campaign has, holds, and owes; `lines` are what it adds up from.
CREATE TABLE {table} (
    campaign_id uuid NOT NULL,
    position bigint NOT NULL,
    currency text NOT NULL,
    received numeric(38, 0) NOT NULL,
    held numeric(38, 0) NOT NULL CHECK (held >= 0),
    released numeric(38, 0) NOT NULL,
    fee numeric(38, 0) NOT NULL,
    refunded numeric(38, 0) NOT NULL,
    claimed numeric(38, 0) NOT NULL,
    pending numeric(38, 0) NOT NULL CHECK (pending >= 0),
    owed numeric(38, 0) NOT NULL CHECK (owed >= 0),
    returned numeric(38, 0) NOT NULL,
    CHECK (received = held + released + fee + refunded)
);

ALTER TABLE {table} ADD PRIMARY KEY (campaign_id);
