-- The book ledger: views posted from the journal. All of it can be emptied and posted again. The views' own tables stand
-- in projections/sql/tables and are laid out after the migrations: a new version of a view comes by a rebuild.

CREATE SCHEMA book;

-- One row: how far the book is posted. It moves in the same transaction as the rows.
CREATE TABLE book.progress (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    position bigint NOT NULL CHECK (position >= 0),
    swaps bigint NOT NULL DEFAULT 0 -- how often tables were swapped: a runner looks at the views' versions again
) WITH (fillfactor = 10);
INSERT INTO book.progress (position) VALUES (0);

-- The version of each view's code that folded the rows; and what the last swap put aside, as far as it was posted.
CREATE TABLE book.views (
    name text PRIMARY KEY,
    version integer NOT NULL CHECK (version > 0),
    kept_version integer,
    kept_position bigint,
    CHECK ((kept_version IS NULL) = (kept_position IS NULL))
);

-- Entries that a view could not fold, and those of the same stream that wait behind them, in order. Nothing is deleted:
-- `by` is the person who let it be tried again or passed over.
CREATE TABLE book.parked (
    view text NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    stream uuid NOT NULL,
    topic text NOT NULL,
    version integer NOT NULL CHECK (version > 0), -- of the view
    error text, -- none: it waits behind another one
    state text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'retried', 'skipped', 'rebuilt')),
    parked_at timestamptz NOT NULL DEFAULT now(),
    by text,
    reason text,
    decided_at timestamptz,
    PRIMARY KEY (view, version, position),
    CHECK ((state IN ('retried', 'skipped')) <= (by IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE INDEX parked_streams ON book.parked (view, stream, position) WHERE state = 'parked';

-- Each rebuild of views; one at a time. `target`: how far their new tables are loaded in bulk; `position`: how far they
-- are posted. What is loaded is loaded in slices, each in one transaction.
CREATE TABLE book.rebuilds (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    views text[] NOT NULL,
    versions integer[] NOT NULL,
    target bigint NOT NULL CHECK (target >= 0),
    position bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'loading' CHECK (state IN ('loading', 'following', 'swapped', 'dropped')),
    begun_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CHECK ((ended_at IS NOT NULL) = (state IN ('swapped', 'dropped')))
);
CREATE UNIQUE INDEX rebuilds_open ON book.rebuilds ((true)) WHERE ended_at IS NULL;
CREATE TABLE book.slices (
    rebuild bigint NOT NULL REFERENCES book.rebuilds (number),
    number integer NOT NULL,
    views text[] NOT NULL,
    part integer NOT NULL,
    parts integer NOT NULL CHECK (part >= 0 AND part < parts),
    entries bigint,
    rows bigint,
    PRIMARY KEY (rebuild, number)
);

-- What the new rows of a rebuild have parked. At the swap it takes the place of what is parked in the live ones.
CREATE TABLE book.parked_new (
    rebuild bigint NOT NULL REFERENCES book.rebuilds (number),
    view text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    stream uuid NOT NULL,
    topic text NOT NULL,
    error text,
    PRIMARY KEY (rebuild, view, position)
);

-- Tables are made, swapped and dropped by whoever rebuilds, and by nobody else.
GRANT USAGE ON SCHEMA book TO tandem_book, tandem_api, tandem_rebuild;
GRANT CREATE ON SCHEMA book TO tandem_rebuild;
GRANT SELECT ON ALL TABLES IN SCHEMA book TO tandem_book, tandem_api, tandem_rebuild;
GRANT UPDATE ON book.progress TO tandem_book, tandem_rebuild;
GRANT INSERT ON book.views TO tandem_book;
GRANT INSERT, UPDATE ON book.parked TO tandem_book;
GRANT INSERT, UPDATE ON book.parked TO tandem_rebuild;
GRANT INSERT ON book.parked_new TO tandem_rebuild;
GRANT INSERT, UPDATE ON book.views, book.rebuilds, book.slices TO tandem_rebuild;
