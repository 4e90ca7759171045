-- The API: who may call it. A key is kept as the SHA-256 of its token only; the token itself is shown once, when minted.

CREATE SCHEMA api;

-- The roles are those of `domain.commands.ROLES`: machine roles (indexer, writer, process) can never be given to a key.
CREATE TABLE api.keys (
    id uuid PRIMARY KEY,
    token_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(token_sha256) = 32),
    principal text COLLATE "C" NOT NULL CHECK (principal ~ '^[a-z0-9][a-z0-9._-]{0,99}$'),
    roles text[] NOT NULL CHECK (
        cardinality(roles) BETWEEN 1 AND 8
        AND array_position(roles, NULL) IS NULL
        AND roles <@ ARRAY[
            'issuer', 'investor', 'compliance', 'treasury_maker', 'treasury_checker', 'operator', 'auditor', 'admin'
        ]
    ),
    minted_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

GRANT USAGE ON SCHEMA api TO tandem_api;
GRANT SELECT ON api.keys TO tandem_api;
