-- The vault: what is known of persons, each encrypted under a key of its own, which is wrapped by a key from outside.
-- The journal and the chain hold opaque ids and keyed hashes only. A destroyed key is erasure.

CREATE TABLE api.persons (
    subject uuid PRIMARY KEY,
    kek text NOT NULL CHECK (kek ~ '^[a-z0-9][a-z0-9._-]{0,39}$'),
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    changed_at timestamptz NOT NULL
);
CREATE INDEX persons_kek ON api.persons (kek);

-- Who read a person's data on another's behalf, when and why.
CREATE TABLE api.readings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject uuid NOT NULL,
    reader text NOT NULL,
    reason text NOT NULL,
    read_at timestamptz NOT NULL
);
CREATE INDEX readings_subject ON api.readings (subject);

-- The erasures that have been carried out, by the entry that ordered them, and how far the journal was read for them.
CREATE TABLE api.erasures (
    subject uuid PRIMARY KEY,
    position bigint NOT NULL,
    erased_at timestamptz NOT NULL
);
CREATE TABLE api.erasing (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    position bigint NOT NULL CHECK (position >= 0)
);
INSERT INTO api.erasing (position) VALUES (0);

GRANT SELECT, INSERT, UPDATE, DELETE ON api.persons TO tandem_api;
GRANT SELECT, INSERT ON api.readings TO tandem_api;
GRANT SELECT, INSERT ON api.erasures TO tandem_api;
GRANT SELECT, UPDATE ON api.erasing TO tandem_api;
