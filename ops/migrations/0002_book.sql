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
    funding_goal numeric(38, 0) NOT NULL,
    minimum numeric(38, 0) NOT NULL,
    cap numeric(38, 0) NOT NULL,
    share_price numeric(38, 0) NOT NULL,
    duration_s bigint NOT NULL,
    success_threshold_bps integer NOT NULL,
    fee_bps integer NOT NULL,
    rule_pack text NOT NULL,
    investor_maximum numeric(38, 0) NOT NULL,
    opens_at timestamptz,
    oversubscription text NOT NULL,
    milestones jsonb NOT NULL,
    threshold numeric(38, 0) NOT NULL,
    documents jsonb NOT NULL,
    documents_hash text,
    updates bigint NOT NULL,
    status text NOT NULL,
    terms_hash text,
    submitter text,
    reviewer text,
    review_reason text,
    address text,
    opened_at timestamptz,
    deadline timestamptz,
    early_deadline timestamptz,
    deployed_position bigint,
    deployed_tx_hash text,
    deployment_rejected boolean NOT NULL,
    pauser text,
    pause_reason text,
    change jsonb,
    cancellation_requester text,
    cancellation_reason text,
    committed numeric(38, 0) NOT NULL CHECK (committed >= 0),
    waiting numeric(38, 0) NOT NULL CHECK (waiting >= 0),
    raised numeric(38, 0) NOT NULL CHECK (raised >= 0),
    commitments bigint NOT NULL,
    funded_investments bigint NOT NULL,
    held_investments bigint NOT NULL,
    unwinding bigint NOT NULL,
    unconfirmed bigint NOT NULL,
    reflection_until timestamptz,
    closing_position bigint,
    closing_reason text,
    outcome text,
    closed_position bigint,
    closing_confirmed_position bigint,
    release_id uuid,
    releases_confirmed bigint NOT NULL,
    refunded_investments bigint NOT NULL,
    refunded_position bigint,
    emergency_at timestamptz
);
CREATE INDEX campaigns_company ON book.campaigns (company_id, position);
CREATE INDEX campaigns_status ON book.campaigns (status, position);
CREATE INDEX campaigns_owner ON book.campaigns (owner, position);

CREATE TABLE book.releases (
    id text PRIMARY KEY,
    position bigint NOT NULL,
    campaign_id uuid NOT NULL,
    release_id uuid NOT NULL,
    tranche integer NOT NULL,
    amount numeric(38, 0) NOT NULL,
    fee numeric(38, 0) NOT NULL,
    requester text NOT NULL,
    requested_at timestamptz NOT NULL,
    state text NOT NULL,
    wallet text,
    approved_position bigint,
    confirmed_position bigint,
    confirmed_tx_hash text,
    withdrawn_position bigint,
    withdrawn_tx_hash text,
    declined_position bigint,
    declined_reason text
);
CREATE INDEX releases_campaign ON book.releases (campaign_id, position);

CREATE TABLE book.updates (
    position bigint PRIMARY KEY,
    campaign_id uuid NOT NULL,
    update_id uuid NOT NULL,
    title text NOT NULL,
    sha256 text NOT NULL,
    cid text,
    posted_at timestamptz NOT NULL
);
CREATE INDEX updates_campaign ON book.updates (campaign_id, position);

CREATE TABLE book.investors (
    id uuid PRIMARY KEY,
    position bigint NOT NULL UNIQUE,
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
CREATE INDEX investors_owner ON book.investors (owner, position);

CREATE TABLE book.investments (
    id uuid PRIMARY KEY,
    position bigint NOT NULL UNIQUE,
    version bigint NOT NULL,
    committed_at timestamptz NOT NULL,
    campaign_id uuid NOT NULL,
    investor_id uuid NOT NULL,
    wallet text NOT NULL,
    committed_amount numeric(38, 0) NOT NULL,
    committed_shares numeric(38, 0) NOT NULL,
    amount numeric(38, 0) NOT NULL,
    shares numeric(38, 0) NOT NULL,
    acknowledgements jsonb NOT NULL,
    documents_hash text,
    status text NOT NULL,
    waiting boolean NOT NULL,
    reflection_ends_at timestamptz,
    change_id uuid,
    cancelled_reason text,
    lapsed_reason text,
    paid numeric(38, 0) NOT NULL CHECK (paid >= 0),
    provider text,
    payment_reference text,
    scaled_position bigint,
    funded_position bigint,
    recorded_position bigint,
    recorded_tx_hash text,
    recorded_block bigint,
    allotted numeric(38, 0),
    allotted_position bigint,
    token_id text,
    certified_position bigint,
    certified_tx_hash text,
    holder text,
    revoked boolean NOT NULL,
    request jsonb,
    changing uuid,
    transfer_to text,
    refund_position bigint,
    refund_live boolean NOT NULL,
    refunded_position bigint,
    refunded_tx_hash text,
    repaid_position bigint
);
CREATE INDEX investments_campaign ON book.investments (campaign_id, position);
CREATE INDEX investments_investor ON book.investments (investor_id, position);
CREATE INDEX investments_waiting ON book.investments (campaign_id, position) WHERE status = 'waiting';

-- Early entries named late money by its provider and reference only: those rows have version 0.
CREATE TABLE book.payments (
    id uuid PRIMARY KEY,
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
CREATE INDEX payments_investment ON book.payments (investment_id, position);
CREATE INDEX payments_campaign ON book.payments (campaign_id, position);
CREATE INDEX payments_state ON book.payments (state, position);

-- What each campaign has, holds, and owes; `lines` are what it adds up from.
CREATE TABLE book.escrows (
    campaign_id uuid PRIMARY KEY,
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

CREATE TABLE book.lines (
    id text PRIMARY KEY,
    position bigint NOT NULL,
    campaign_id uuid,
    currency text NOT NULL,
    account text NOT NULL,
    amount numeric(38, 0) NOT NULL CHECK (amount <> 0)
);
CREATE INDEX lines_account ON book.lines (account, currency) INCLUDE (amount);
CREATE INDEX lines_campaign ON book.lines (campaign_id, position);

CREATE TABLE book.postings (
    position bigint PRIMARY KEY,
    stream uuid NOT NULL,
    subject uuid NOT NULL,
    topic text NOT NULL,
    call text NOT NULL,
    obliged_at timestamptz NOT NULL,
    correlation_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'confirmed', 'rejected', 'released', 'abandonment-proposed',
                                         'abandoned')),
    confirmation_position bigint,
    confirmed_at timestamptz,
    chain_id bigint,
    block_number bigint,
    block_hash text,
    tx_hash text,
    log_index bigint,
    rejection_position bigint,
    rejection_code text,
    rejection_reason text,
    release_position bigint,
    released_by text,
    release_reason text,
    proposal_position bigint,
    proposed_by text,
    proposal_reason text,
    abandonment_position bigint,
    abandoned_by text
);
CREATE INDEX postings_stream ON book.postings (stream, position);
CREATE INDEX postings_state ON book.postings (state, position) WHERE state <> 'confirmed';

-- What falls due; what falls due no longer stays, with the entry that said so.
CREATE TABLE book.due (
    id text PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    kind text NOT NULL,
    stream uuid NOT NULL,
    item uuid,
    at timestamptz NOT NULL,
    position bigint NOT NULL,
    settled_position bigint
);
CREATE INDEX due_at ON book.due (at, number) WHERE settled_position IS NULL;
CREATE INDEX due_stream ON book.due (stream);

GRANT USAGE ON SCHEMA book TO tandem_book, tandem_api;
GRANT SELECT ON ALL TABLES IN SCHEMA book TO tandem_book, tandem_api;
GRANT UPDATE ON book.progress TO tandem_book;
GRANT INSERT ON book.views TO tandem_book;
GRANT INSERT, UPDATE ON book.companies, book.campaigns, book.releases, book.updates, book.investors, book.investments,
    book.payments, book.escrows, book.lines, book.postings, book.due TO tandem_book;
