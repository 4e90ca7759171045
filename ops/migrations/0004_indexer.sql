-- The chain indexer: how far the chain is read, every log of our contracts, and those that the journal does not explain.
-- Hashes and addresses are text, so that what a person sees here can be pasted into any explorer of the chain.

CREATE SCHEMA indexer;

CREATE DOMAIN indexer.hash AS text COLLATE "C" CHECK (VALUE ~ '^0x[0-9a-f]{64}$');
CREATE DOMAIN indexer.address AS text COLLATE "C" CHECK (VALUE ~ '^0x[0-9a-f]{40}$');

-- One row: the chain generation that is read, the last block fed back, and the head last seen.
CREATE TABLE indexer.checkpoint (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    generation text NOT NULL,
    block_number bigint NOT NULL CHECK (block_number >= 0),
    block_hash indexer.hash NOT NULL,
    parent_hash indexer.hash NOT NULL,
    block_timestamp_s bigint NOT NULL,
    fed_at timestamptz NOT NULL DEFAULT now(),
    head_number bigint NOT NULL,
    head_hash indexer.hash NOT NULL,
    head_timestamp_s bigint NOT NULL,
    head_seen_at timestamptz NOT NULL DEFAULT now(),
    finality_depth bigint NOT NULL CHECK (finality_depth >= 0),
    reorgs bigint NOT NULL DEFAULT 0,
    reorg_depth_max bigint NOT NULL DEFAULT 0,
    -- Counted as they are kept, in the same transaction: exact, and cheap to ask for when there are many.
    logs bigint NOT NULL DEFAULT 0,
    confirmed bigint NOT NULL DEFAULT 0,
    foreign_logs bigint NOT NULL DEFAULT 0,
    children bigint NOT NULL DEFAULT 0
);

CREATE FUNCTION indexer.refuse_retreat() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.block_number < OLD.block_number
        OR (NEW.block_number = OLD.block_number AND NEW.block_hash <> OLD.block_hash) THEN
        RAISE EXCEPTION 'the checkpoint may not go back from block % to %', OLD.block_number, NEW.block_number
            USING ERRCODE = 'TD003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_retreat BEFORE UPDATE ON indexer.checkpoint
    FOR EACH ROW EXECUTE FUNCTION indexer.refuse_retreat();

-- The local chain above the checkpoint: headers only, forgotten when they become final or are lost in a reorg.
CREATE TABLE indexer.headers (
    block_number bigint PRIMARY KEY,
    block_hash indexer.hash NOT NULL,
    parent_hash indexer.hash NOT NULL,
    block_timestamp_s bigint NOT NULL,
    tx_hashes text[] NOT NULL,
    bloom bytea NOT NULL
);

-- Every log of our contracts, whole, by its place in the chain: final blocks have one hash each, and before Polygon Edge 1.0
-- the log index counts within one tx. As bytes, for there are many; `indexer.hex` shows them as an explorer does. `topics`
-- are one after the other.
CREATE TABLE indexer.logs (
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL CHECK (octet_length(block_hash) = 32),
    tx_index integer NOT NULL,
    log_index integer NOT NULL,
    tx_hash bytea NOT NULL CHECK (octet_length(tx_hash) = 32),
    address bytea NOT NULL CHECK (octet_length(address) = 20),
    topics bytea NOT NULL CHECK (octet_length(topics) % 32 = 0),
    data bytea NOT NULL,
    kind text,
    verdict text NOT NULL CHECK (verdict IN ('imported', 'confirmed', 'recorded', 'noted', 'foreign')),
    entry_position bigint,
    confirmed_position bigint,
    PRIMARY KEY (block_number, tx_index, log_index)
);
-- What a reclaim and a withdrawal are told by: the deposit for an investment, the releases to a payee.
CREATE INDEX logs_deposits ON indexer.logs (substring(topics FROM 33 FOR 32)) WHERE kind = 'Deposited';
CREATE INDEX logs_releases ON indexer.logs (substring(data FROM 33 FOR 32)) WHERE kind = 'ReleaseRecorded';
-- What an entry, or a tx, has come to.
CREATE INDEX logs_entries ON indexer.logs (entry_position) WHERE entry_position IS NOT NULL;
CREATE INDEX logs_txs ON indexer.logs (tx_hash) WHERE entry_position IS NOT NULL;

CREATE FUNCTION indexer.hex(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '0x' || encode(bytes, 'hex');

-- The logs that the journal does not explain. `id` is their order and the cursor of whoever lists them.
CREATE TABLE indexer.foreign_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    block_number bigint NOT NULL,
    tx_index integer NOT NULL,
    log_index integer NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    leaf bytea CHECK (octet_length(leaf) = 32),
    entry_position bigint,
    found_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (block_number, tx_index, log_index),
    FOREIGN KEY (block_number, tx_index, log_index) REFERENCES indexer.logs
);

-- The contracts that our factory made, each with the log that says so: they are followed from that block on.
CREATE TABLE indexer.children (
    address indexer.address PRIMARY KEY,
    block_number bigint NOT NULL,
    block_hash indexer.hash NOT NULL,
    tx_hash indexer.hash NOT NULL,
    tx_index bigint NOT NULL,
    log_index bigint NOT NULL
);

-- How the nodes do that the indexer asks, as it told last: for people and metrics. `name` holds no secret of an address.
CREATE TABLE indexer.nodes (
    name text PRIMARY KEY,
    in_charge boolean NOT NULL,
    head_number bigint,
    head_timestamp_s bigint,
    failures bigint NOT NULL CHECK (failures >= 0),
    trouble text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now()
);

-- What was read of generations that have ended, as it stood when another one was promoted: for audit, under the name of each.
CREATE TABLE indexer.past_checkpoints (
    LIKE indexer.checkpoint, put_aside_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (generation)
);
CREATE TABLE indexer.past_logs (
    generation text NOT NULL, LIKE indexer.logs, PRIMARY KEY (generation, block_number, tx_index, log_index)
);
CREATE TABLE indexer.past_foreign_logs (
    generation text NOT NULL, LIKE indexer.foreign_logs, PRIMARY KEY (generation, id)
);
CREATE TABLE indexer.past_children (
    generation text NOT NULL, LIKE indexer.children, PRIMARY KEY (generation, address)
);

-- Puts the whole of a generation aside, in one transaction: the next one begins with empty tables. Addresses, block numbers
-- and even hashes of two generations may be the same, so that their rows are never mixed. Nobody else may delete a log.
CREATE FUNCTION indexer.put_aside(ended text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM indexer.checkpoint WHERE generation = ended FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'generation % is not the one that is read', ended USING ERRCODE = 'TD004';
    END IF;
    INSERT INTO indexer.past_checkpoints SELECT * FROM indexer.checkpoint;
    INSERT INTO indexer.past_logs SELECT ended, * FROM indexer.logs;
    INSERT INTO indexer.past_foreign_logs SELECT ended, * FROM indexer.foreign_logs;
    INSERT INTO indexer.past_children SELECT ended, * FROM indexer.children;
    DELETE FROM indexer.foreign_logs;
    DELETE FROM indexer.logs;
    DELETE FROM indexer.children;
    DELETE FROM indexer.headers;
    DELETE FROM indexer.checkpoint;
END $$;
REVOKE EXECUTE ON FUNCTION indexer.put_aside FROM PUBLIC;
GRANT EXECUTE ON FUNCTION indexer.put_aside TO tandem_indexer;

GRANT USAGE ON SCHEMA indexer TO tandem_indexer, tandem_api;
GRANT SELECT, INSERT, UPDATE ON indexer.checkpoint TO tandem_indexer;
GRANT SELECT, INSERT, DELETE ON indexer.headers, indexer.nodes TO tandem_indexer;
GRANT SELECT, INSERT ON indexer.logs, indexer.foreign_logs, indexer.children TO tandem_indexer;
GRANT SELECT ON indexer.checkpoint, indexer.headers, indexer.logs, indexer.foreign_logs, indexer.children, indexer.nodes
    TO tandem_api;
GRANT SELECT ON indexer.past_checkpoints, indexer.past_logs, indexer.past_foreign_logs, indexer.past_children
    TO tandem_indexer, tandem_api;
