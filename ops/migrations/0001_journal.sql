-- The journal: entries without holes, sealed as they are written, and the record of the commands that made them.

CREATE SCHEMA journal;

-- One row: how many entries there are. Whoever appends updates it first, so its row lock orders all appends until
-- their commit, and a rolled back append gives its positions back: positions are 1, 2, 3, … for ever.
CREATE TABLE journal.head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    size bigint NOT NULL CHECK (size >= 0)
) WITH (fillfactor = 10);
INSERT INTO journal.head (size) VALUES (0);

-- The first five columns are those of the eventsourcing library, so that its readers work: originator_id is our
-- stream, originator_version our version, notification_id our position.
CREATE TABLE journal.entries (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL CHECK (originator_version > 0),
    topic text COLLATE "C" NOT NULL CHECK (topic ~ '^[a-z]+\.[a-z_]+$'),
    state bytea NOT NULL CHECK (octet_length(state) BETWEEN 2 AND 65536),
    notification_id bigint NOT NULL CHECK (notification_id > 0),
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32),
    PRIMARY KEY (originator_id, originator_version)
);
CREATE UNIQUE INDEX entries_position ON journal.entries (notification_id);
CREATE INDEX entries_leaf ON journal.entries USING hash (leaf);
ALTER TABLE journal.entries ALTER COLUMN state SET STORAGE EXTERNAL;

-- What became of each command: under its key, a fingerprint of what was asked, where its first event stands, how many.
CREATE TABLE journal.commands (
    scope text COLLATE "C" NOT NULL CHECK (octet_length(scope) BETWEEN 1 AND 200),
    key text COLLATE "C" NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 300),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    position bigint,
    events integer NOT NULL CHECK (events >= 0),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key),
    CHECK ((position IS NULL) = (events = 0))
);

-- Heads of the RFC 6962 Merkle tree over the leaves: size, root, and the frontier needed to grow it.
CREATE TABLE journal.tree (
    size bigint PRIMARY KEY CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    frontier bytea[] NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now()
);

-- After every insert, whoever wrote it: the new rows end exactly at the head and leave no hole. Because the head's row
-- is locked from its update to the commit, this also makes commit order the order of positions.
CREATE FUNCTION journal.refuse_holes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lowest bigint; highest bigint; rows bigint; head bigint; before bigint;
BEGIN
    SELECT min(notification_id), max(notification_id), count(*) INTO lowest, highest, rows FROM added;
    IF rows = 0 THEN RETURN NULL; END IF;
    SELECT size INTO head FROM journal.head;
    SELECT max(notification_id) INTO before FROM journal.entries WHERE notification_id < lowest;
    IF highest - lowest + 1 <> rows OR highest <> head OR coalesce(before, 0) <> lowest - 1 THEN
        RAISE EXCEPTION 'entries % to % (% rows) would leave a hole: the head is %', lowest, highest, rows, head
            USING ERRCODE = 'TD002', HINT = 'append through journal.append()';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refuse_holes AFTER INSERT ON journal.entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_holes();

CREATE FUNCTION journal.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of journal.% is refused: what is recorded stays', TG_OP, TG_TABLE_NAME USING ERRCODE = 'TD003';
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.entries
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.commands
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.tree
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
CREATE TRIGGER refuse_loss BEFORE DELETE OR TRUNCATE ON journal.head
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();

CREATE FUNCTION journal.refuse_retreat() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.size < OLD.size THEN
        RAISE EXCEPTION 'the head may not go back from % to %', OLD.size, NEW.size USING ERRCODE = 'TD003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_retreat BEFORE UPDATE ON journal.head
    FOR EACH ROW EXECUTE FUNCTION journal.refuse_retreat();

-- The leaf of one entry. The preimage is RFC 8785 canonical JSON: five members in order, integers and plain ASCII.
-- Each cast is written out: an implicit one is only STABLE, and would keep this function from being inlined.
CREATE FUNCTION journal.leaf(place bigint, stream uuid, version bigint, topic text, state bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN sha256('\x00'::bytea || convert_to(
    '{"h":"' || encode(sha256(state), 'hex') || '","i":' || place::text || ',"s":"' || stream::text
    || '","t":"' || topic || '","v":' || version::text || '}', 'UTF8'));

-- The one way in. Appends the events of several commands and their records, or nothing. Returns the position before
-- the first event. `seen` is the head on which the commands were decided: if it has moved, the caller decides again.
CREATE FUNCTION journal.append(
    seen bigint,
    streams uuid[], versions bigint[], topics text[], states bytea[],
    scopes text[], keys text[], fingerprints bytea[], counts integer[]
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before bigint;
BEGIN
    UPDATE journal.head SET size = size + cardinality(streams) RETURNING size - cardinality(streams) INTO before;
    IF before <> seen THEN
        RAISE EXCEPTION 'decided at position %, the head is at %', seen, before USING ERRCODE = 'TD001';
    END IF;
    INSERT INTO journal.entries (originator_id, originator_version, topic, state, notification_id, leaf)
    SELECT e.stream, e.version, e.topic, e.state, before + e.place,
           journal.leaf(before + e.place, e.stream, e.version, e.topic, e.state)
    FROM unnest(streams, versions, topics, states) WITH ORDINALITY AS e(stream, version, topic, state, place);
    INSERT INTO journal.commands (scope, key, fingerprint, position, events)
    SELECT c.scope, c.key, c.fingerprint,
           CASE WHEN c.events > 0 THEN before + 1 + sum(c.events) OVER (ORDER BY c.place) - c.events END, c.events
    FROM unnest(scopes, keys, fingerprints, counts) WITH ORDINALITY AS c(scope, key, fingerprint, events, place);
    IF cardinality(streams) > 0 THEN
        PERFORM pg_notify('journal_entries', '');
    END IF;
    RETURN before;
END $$;
REVOKE ALL ON FUNCTION journal.append FROM PUBLIC;

-- Locks the head until the end of the transaction, for a committer that was overtaken and decides again.
CREATE FUNCTION journal.lock() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    locked bigint;
BEGIN
    SELECT size INTO locked FROM journal.head FOR UPDATE;
    RETURN locked;
END $$;
REVOKE ALL ON FUNCTION journal.lock FROM PUBLIC;

GRANT USAGE ON SCHEMA journal TO tandem_api, tandem_writer, tandem_indexer, tandem_book, tandem_processes;
GRANT SELECT ON journal.entries, journal.head, journal.tree
    TO tandem_api, tandem_writer, tandem_indexer, tandem_book, tandem_processes;
GRANT USAGE ON SCHEMA journal TO tandem_rebuild;
GRANT SELECT ON journal.entries, journal.head, journal.tree TO tandem_rebuild;
GRANT SELECT ON journal.commands TO tandem_api, tandem_writer, tandem_indexer, tandem_processes;
GRANT EXECUTE ON FUNCTION journal.append, journal.lock TO tandem_api, tandem_writer, tandem_indexer, tandem_processes;
GRANT INSERT ON journal.tree TO tandem_processes;

-- The states of long streams, kept by the code whose fingerprint stands beside them. Disposable: nothing proves itself
-- by them, and an emptied table costs time only.
CREATE TABLE journal.snapshots (
    stream uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version > 0),
    topic text NOT NULL,
    fingerprint bytea NOT NULL,
    state bytea NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON journal.snapshots TO tandem_api, tandem_writer, tandem_indexer, tandem_processes;
