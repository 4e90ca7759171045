-- The book ledger: views posted from the journal. All of it can be emptied and posted again.

CREATE SCHEMA book;

-- One row: how far the book is posted. It moves in the same transaction as the rows.
CREATE TABLE book.progress (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    position bigint NOT NULL CHECK (position >= 0)
) WITH (fillfactor = 10);
INSERT INTO book.progress (position) VALUES (0);

-- The version of each view's code that folded the rows.
CREATE TABLE book.views (
    name text PRIMARY KEY,
    version integer NOT NULL CHECK (version > 0)
);

CREATE TABLE book.companies (
    id uuid PRIMARY KEY,
    position bigint NOT NULL UNIQUE,
    version bigint NOT NULL,
    registered_at timestamptz NOT NULL,
    owner text NOT NULL,
    legal_name text NOT NULL,
    tax_number text NOT NULL,
    sector text NOT NULL,
    registration_year integer NOT NULL,
    wallet text NOT NULL,
    documents jsonb NOT NULL,
    kyb text NOT NULL,
    submitter text,
    documents_hash text,
    confirmed_position bigint,
    confirmed_tx_hash text,
    locked_by uuid
);
CREATE INDEX companies_owner ON book.companies (owner, position);

CREATE TABLE book.campaigns (
    id uuid PRIMARY KEY,
    position bigint NOT NULL UNIQUE,
    version bigint NOT NULL,
    drafted_at timestamptz NOT NULL,
    company_id uuid NOT NULL,
    owner text NOT NULL,
    title text NOT NULL,
    currency text NOT NULL,
    funding_goal bigint NOT NULL,
    minimum bigint NOT NULL,
    cap bigint NOT NULL,
    share_price bigint NOT NULL,
    duration_s bigint NOT NULL,
    success_threshold_bps integer NOT NULL,
    fee_bps integer NOT NULL,
    rule_pack text NOT NULL,
    threshold bigint NOT NULL,
    status text NOT NULL,
    terms_hash text,
    submitter text,
    address text,
    deadline timestamptz,
    deployed_position bigint,
    deployed_tx_hash text,
    committed bigint NOT NULL CHECK (committed >= 0),
    raised bigint NOT NULL CHECK (raised >= 0),
    commitments bigint NOT NULL,
    funded_investments bigint NOT NULL,
    outcome text,
    closing_reason text,
    closed_position bigint,
    closing_confirmed_position bigint,
    release_id uuid,
    release_amount bigint,
    release_fee bigint,
    release_requester text,
    release_approved_position bigint,
    released_position bigint,
    released_tx_hash text,
    refunded_position bigint
);
CREATE INDEX campaigns_company ON book.campaigns (company_id, position);
CREATE INDEX campaigns_status ON book.campaigns (status, position);
CREATE INDEX campaigns_owner ON book.campaigns (owner, position);

CREATE TABLE book.investors (
    id uuid PRIMARY KEY,
    position bigint NOT NULL UNIQUE,
    version bigint NOT NULL,
    registered_at timestamptz NOT NULL,
    owner text NOT NULL,
    wallet text NOT NULL,
    reference text NOT NULL,
    level text
);
CREATE INDEX investors_owner ON book.investors (owner, position);

CREATE TABLE book.investments (
    id uuid PRIMARY KEY,
    position bigint NOT NULL UNIQUE,
    version bigint NOT NULL,
    committed_at timestamptz NOT NULL,
    campaign_id uuid NOT NULL,
    investor_id uuid NOT NULL,
    wallet text NOT NULL,
    amount bigint NOT NULL,
    shares bigint NOT NULL,
    acknowledgement text NOT NULL,
    status text NOT NULL,
    provider text,
    payment_reference text,
    funded_position bigint,
    recorded_position bigint,
    recorded_tx_hash text,
    recorded_block bigint,
    allotted_position bigint,
    token_id text,
    certified_position bigint,
    certified_tx_hash text,
    refund_position bigint,
    refunded_position bigint,
    refunded_tx_hash text,
    unapplied bigint NOT NULL CHECK (unapplied >= 0)
);
CREATE INDEX investments_campaign ON book.investments (campaign_id, position);
CREATE INDEX investments_investor ON book.investments (investor_id, position);

CREATE TABLE book.escrows (
    campaign_id uuid PRIMARY KEY,
    position bigint NOT NULL,
    received bigint NOT NULL,
    held bigint NOT NULL CHECK (held >= 0),
    released bigint NOT NULL,
    fee bigint NOT NULL,
    refunded bigint NOT NULL,
    late bigint NOT NULL,
    unapplied bigint NOT NULL CHECK (unapplied >= 0),
    returned bigint NOT NULL,
    release_amount bigint NOT NULL,
    release_fee bigint NOT NULL,
    CHECK (received = held + released + fee + refunded),
    CHECK (late = unapplied + returned)
);

CREATE TABLE book.holdings (
    investment_id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0)
);

CREATE TABLE book.lines (
    id text PRIMARY KEY,
    position bigint NOT NULL,
    campaign_id uuid NOT NULL,
    account text NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0)
);
CREATE INDEX lines_account ON book.lines (account) INCLUDE (amount);

CREATE TABLE book.postings (
    position bigint PRIMARY KEY,
    stream uuid NOT NULL,
    topic text NOT NULL,
    call text NOT NULL,
    obliged_at timestamptz NOT NULL,
    correlation_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'confirmed', 'rejected')),
    confirmation_position bigint,
    confirmed_at timestamptz,
    chain_id bigint,
    block_number bigint,
    block_hash text,
    tx_hash text,
    log_index bigint,
    rejection_position bigint,
    rejection_code text,
    rejection_reason text
);
CREATE INDEX postings_stream ON book.postings (stream, position);
CREATE INDEX postings_state ON book.postings (state, position) WHERE state <> 'confirmed';

GRANT USAGE ON SCHEMA book TO tandem_book, tandem_api;
GRANT SELECT ON ALL TABLES IN SCHEMA book TO tandem_book, tandem_api;
GRANT UPDATE ON book.progress TO tandem_book;
GRANT INSERT ON book.views TO tandem_book;
GRANT INSERT, UPDATE ON book.companies, book.campaigns, book.investors, book.investments, book.escrows, book.holdings,
    book.lines, book.postings TO tandem_book;
