-- The vault: what is known of persons, each encrypted under a key of its own, which is wrapped by a key from outside.
-- The journal and the chain hold opaque ids and keyed hashes only. A destroyed key is erasure.

-- The key-encryption keys that have ever been current, by name. The fingerprint tells another key of the same name.
CREATE TABLE api.vault_keks (
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,39}$'),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32)
);

CREATE TABLE api.vault_persons (
    subject uuid PRIMARY KEY,
    kek text COLLATE "C" NOT NULL REFERENCES api.vault_keks,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL CHECK (octet_length(sealed) <= 65536),
    revision integer NOT NULL CHECK (revision > 0),
    changed_at timestamptz NOT NULL
);
CREATE INDEX vault_persons_kek ON api.vault_persons (kek, subject);

-- Who read a person's data on another's behalf, when and why.
CREATE TABLE api.vault_readings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject uuid NOT NULL,
    reader text NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    read_at timestamptz NOT NULL
);
CREATE INDEX vault_readings_subject ON api.vault_readings (subject, id);

-- The erasures that have been carried out, by the entry that ordered them, and how far the journal was read for them.
CREATE TABLE api.vault_erasures (
    subject uuid PRIMARY KEY,
    position bigint NOT NULL CHECK (position > 0),
    erased_at timestamptz NOT NULL
);
CREATE TABLE api.vault_erasing (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    position bigint NOT NULL CHECK (position >= 0)
);
INSERT INTO api.vault_erasing (position) VALUES (0);

GRANT SELECT, INSERT ON api.vault_keks TO tandem_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.vault_persons TO tandem_api;
GRANT SELECT, INSERT ON api.vault_readings TO tandem_api;
GRANT SELECT, INSERT ON api.vault_erasures TO tandem_api;
GRANT SELECT, UPDATE ON api.vault_erasing TO tandem_api;
