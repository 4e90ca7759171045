-- What each reconciliation that was kept came to: for the metrics and `status`. Losing it loses nothing.
CREATE TABLE api.reconciliations (
    at timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
    journal_position bigint NOT NULL CHECK (journal_position >= 0),
    differences bigint NOT NULL CHECK (differences >= 0),
    pending bigint NOT NULL CHECK (pending >= 0),
    kinds jsonb NOT NULL,
    took_s double precision NOT NULL CHECK (took_s >= 0)
);
GRANT SELECT, INSERT ON api.reconciliations TO tandem_api;
