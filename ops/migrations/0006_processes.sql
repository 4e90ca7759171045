-- What the processes of the domain remember between entries: how far each has read, and what it waits for. All of it
-- can be thrown away and read again from the journal.

CREATE TABLE journal.followers (
    name text PRIMARY KEY,
    position bigint NOT NULL CHECK (position >= 0)
);

CREATE TABLE journal.campaign_investments (
    campaign_id uuid NOT NULL,
    investment_id uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN ('committed', 'funded', 'allotted', 'refunding', 'refunded', 'lapsed')),
    PRIMARY KEY (campaign_id, investment_id)
);

CREATE TABLE journal.deadlines (
    campaign_id uuid PRIMARY KEY,
    deadline timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON journal.followers, journal.campaign_investments TO tandem_processes;
GRANT SELECT, INSERT, DELETE ON journal.deadlines TO tandem_processes;
