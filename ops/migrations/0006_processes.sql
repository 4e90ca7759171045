-- What the processes of the domain remember between entries: how far each has read, and what it waits for. All of it
-- can be thrown away and read again from the journal.

CREATE TABLE journal.followers (
    name text PRIMARY KEY,
    position bigint NOT NULL CHECK (position >= 0)
);

CREATE TABLE journal.campaign_investments (
    campaign_id uuid NOT NULL,
    investment_id uuid NOT NULL,
    amount numeric(38, 0) NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN (
        'waiting', 'committed', 'paid', 'funded', 'allotted', 'refunding', 'refunded', 'lapsed', 'cancelled'
    )),
    position bigint NOT NULL,
    PRIMARY KEY (campaign_id, investment_id)
);
CREATE INDEX campaign_investments_order ON journal.campaign_investments (campaign_id, state, position);

CREATE TABLE journal.deadlines (
    kind text NOT NULL,
    stream uuid NOT NULL,
    item uuid NOT NULL,
    due timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (kind, stream, item)
);
CREATE INDEX deadlines_due ON journal.deadlines (due);

GRANT SELECT, INSERT, UPDATE ON journal.followers, journal.campaign_investments TO tandem_processes;
GRANT SELECT, INSERT, UPDATE, DELETE ON journal.deadlines TO tandem_processes;
