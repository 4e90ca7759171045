-- The chain writer. Its rows are the proof against sending twice, so the database itself refuses what would break the
-- protocol, whoever asks: a nonce used again, a second slot for an intent, other signed bytes, a release before its
-- nonce is final, and any deletion.

CREATE SCHEMA writer;

-- How far the journal has been read for each chain generation.
CREATE TABLE writer.followers (
    generation uuid PRIMARY KEY,
    chain_id bigint NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    -- Posted again beside the living generation: the domain is told of nothing that it refuses, and no worker of the
    -- house drives its lanes (their names have an @).
    rebuilt boolean NOT NULL DEFAULT false,
    -- The entry that promoted another generation in this one's place: nothing behind it is taken on, and nothing is bound
    -- to a new nonce any more.
    ended_position bigint,
    started_at timestamptz NOT NULL DEFAULT now(),
    CHECK (position <= ended_position),
    CHECK (ended_position IS NULL OR NOT rebuilt)
);

-- A lane is one account on one chain. `epoch` rises with each new holder of the lease; every write names the epoch it
-- was decided in, so that a worker that was overtaken writes nothing.
CREATE TABLE writer.lanes (
    lane uuid PRIMARY KEY,
    name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 100),
    chain_id bigint NOT NULL,
    genesis_hash text NOT NULL,
    address text NOT NULL,
    first_nonce bigint NOT NULL CHECK (first_nonce >= 0),
    next_nonce bigint NOT NULL CHECK (next_nonce >= first_nonce),
    checkpoint bigint NOT NULL CHECK (checkpoint >= 0),
    checkpoint_hash text NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    owner text,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    quarantine text,
    -- Records of the lane were lost: nonces below this are filled before anything else is sent.
    burn_through bigint,
    -- What its final nonces cost.
    gas_used bigint NOT NULL DEFAULT 0,
    fees_wei numeric(78) NOT NULL DEFAULT 0,
    -- An operator's word that the lane binds nothing to new nonces: its key is about to be changed.
    draining boolean NOT NULL DEFAULT false,
    UNIQUE (chain_id, genesis_hash, address)
);
CREATE INDEX lanes_name ON writer.lanes (name);

-- The promise of one effect. `subject`, `stage` and `parent` say what must be settled before it.
CREATE TABLE writer.intents (
    intent uuid PRIMARY KEY,
    generation uuid NOT NULL REFERENCES writer.followers,
    position bigint NOT NULL CHECK (position > 0),
    stream uuid NOT NULL,
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32),
    correlation_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('register', 'create-campaign', 'record-investment', 'close',
                                       'issue-certificate', 'record-release', 'record-refund')),
    target text NOT NULL,
    natural_key bytea NOT NULL CHECK (octet_length(natural_key) = 32),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    call jsonb NOT NULL,
    subject uuid NOT NULL,
    parent uuid,
    stage smallint NOT NULL,
    lane text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'bound', 'landed', 'rejected')),
    releases integer NOT NULL DEFAULT 0 CHECK (releases >= 0),
    code text,
    reason text,
    refused_block bigint,
    held_until_block bigint,
    reported_position bigint,
    queued_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    UNIQUE (generation, position),
    UNIQUE (generation, target, kind, natural_key),
    CHECK (state <> 'rejected' OR (code IS NOT NULL AND reason IS NOT NULL)),
    CHECK ((state IN ('landed', 'rejected')) = (settled_at IS NOT NULL))
);
CREATE INDEX intents_queued ON writer.intents (generation, lane, position) WHERE state = 'queued';
CREATE INDEX intents_open ON writer.intents (generation, subject, stage) WHERE state IN ('queued', 'bound');
CREATE INDEX intents_unreported ON writer.intents (position) WHERE state = 'rejected' AND reported_position IS NULL;
CREATE INDEX intents_position ON writer.intents (position);

-- One nonce of a lane, for ever.
CREATE TABLE writer.slots (
    lane uuid NOT NULL REFERENCES writer.lanes,
    nonce bigint NOT NULL,
    target text NOT NULL,
    state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'mined', 'final')),
    block_number bigint,
    block_hash text,
    winner_hash text,
    winner text CHECK (winner IN ('effect', 'filler', 'foreign')),
    epoch bigint NOT NULL,
    allotted_at timestamptz NOT NULL DEFAULT now(),
    final_at timestamptz,
    PRIMARY KEY (lane, nonce),
    CHECK ((state = 'live') = (block_number IS NULL)),
    CHECK ((state = 'live') = (block_hash IS NULL)),
    CHECK ((state = 'live') = (winner_hash IS NULL)),
    CHECK ((state = 'live') = (winner IS NULL))
);
CREATE INDEX slots_open ON writer.slots (lane, nonce) WHERE state <> 'final';

-- The intents of a slot. An outcome is written when the slot is final, never before.
CREATE TABLE writer.members (
    lane uuid NOT NULL,
    nonce bigint NOT NULL,
    place integer NOT NULL CHECK (place >= 0),
    intent uuid NOT NULL REFERENCES writer.intents,
    outcome text CHECK (outcome IN ('recorded', 'already-recorded', 'conflict', 'released')),
    reason text,
    PRIMARY KEY (lane, nonce, place),
    FOREIGN KEY (lane, nonce) REFERENCES writer.slots
);
-- An intent is in one slot, until that slot has released it.
CREATE UNIQUE INDEX members_one_slot ON writer.members (intent) WHERE outcome IS DISTINCT FROM 'released';

-- Signed bytes, stored before anything of them leaves. What is known of their sending is a hint.
CREATE TABLE writer.submissions (
    lane uuid NOT NULL,
    nonce bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    purpose text NOT NULL CHECK (purpose IN ('effect', 'filler')),
    hash text NOT NULL UNIQUE,
    raw bytea NOT NULL,
    gas_limit bigint NOT NULL CHECK (gas_limit > 0),
    gas_price_wei numeric(78) NOT NULL CHECK (gas_price_wei >= 0),
    epoch bigint NOT NULL,
    made_block bigint NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    sends integer NOT NULL DEFAULT 0,
    sent_block bigint,
    sent_at timestamptz,
    reply text,
    reply_text text,
    PRIMARY KEY (lane, nonce, number),
    FOREIGN KEY (lane, nonce) REFERENCES writer.slots
);

CREATE INDEX submissions_made ON writer.submissions (lane, made_at);

-- Texts of nodes that the reply table does not know. Each counts as "may have been sent" until somebody sorts it.
CREATE TABLE writer.unknown_replies (
    text text PRIMARY KEY,
    seen bigint NOT NULL DEFAULT 1,
    last_seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION writer.refuse_deletion() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of writer.% is refused: it is the proof against sending twice', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'TD010';
END $$;
CREATE TRIGGER refuse_deletion BEFORE DELETE OR TRUNCATE ON writer.lanes
    FOR EACH STATEMENT EXECUTE FUNCTION writer.refuse_deletion();
CREATE TRIGGER refuse_deletion BEFORE DELETE OR TRUNCATE ON writer.intents
    FOR EACH STATEMENT EXECUTE FUNCTION writer.refuse_deletion();
CREATE TRIGGER refuse_deletion BEFORE DELETE OR TRUNCATE ON writer.slots
    FOR EACH STATEMENT EXECUTE FUNCTION writer.refuse_deletion();
CREATE TRIGGER refuse_deletion BEFORE DELETE OR TRUNCATE ON writer.members
    FOR EACH STATEMENT EXECUTE FUNCTION writer.refuse_deletion();
CREATE TRIGGER refuse_deletion BEFORE DELETE OR TRUNCATE ON writer.submissions
    FOR EACH STATEMENT EXECUTE FUNCTION writer.refuse_deletion();

-- A slot takes the next nonce of its lane, in the epoch of the lane's holder, and moves the counter: so the counter
-- cannot move without a slot, nor a slot be made beside it.
CREATE FUNCTION writer.take_nonce() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE writer.lanes SET next_nonce = next_nonce + 1
        WHERE lane = NEW.lane AND next_nonce = NEW.nonce AND epoch = NEW.epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nonce % is not the next of lane %, or epoch % is over', NEW.nonce, NEW.lane, NEW.epoch
            USING ERRCODE = 'TD011';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER take_nonce BEFORE INSERT ON writer.slots FOR EACH ROW EXECUTE FUNCTION writer.take_nonce();

CREATE FUNCTION writer.guard_lane() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.lane, NEW.chain_id, NEW.genesis_hash, NEW.address, NEW.first_nonce)
        IS DISTINCT FROM (OLD.lane, OLD.chain_id, OLD.genesis_hash, OLD.address, OLD.first_nonce)
        OR NEW.next_nonce < OLD.next_nonce OR NEW.epoch < OLD.epoch
        OR NEW.gas_used < OLD.gas_used OR NEW.fees_wei < OLD.fees_wei
        OR coalesce(NEW.burn_through < OLD.burn_through, OLD.burn_through IS NOT NULL AND NEW.burn_through IS NULL) THEN
        RAISE EXCEPTION 'what lane % is stays, and its counters only rise', OLD.lane USING ERRCODE = 'TD012';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_lane BEFORE UPDATE ON writer.lanes FOR EACH ROW EXECUTE FUNCTION writer.guard_lane();

CREATE FUNCTION writer.guard_follower() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.position < OLD.position OR (NEW.rebuilt AND NOT OLD.rebuilt)
        OR (OLD.ended_position IS NOT NULL AND NEW.ended_position IS DISTINCT FROM OLD.ended_position) THEN
        RAISE EXCEPTION 'generation % reads on, lives, and ends, and none of that is taken back', OLD.generation
            USING ERRCODE = 'TD012';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_follower BEFORE UPDATE ON writer.followers
    FOR EACH ROW EXECUTE FUNCTION writer.guard_follower();

CREATE FUNCTION writer.guard_slot() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.lane, NEW.nonce, NEW.target) IS DISTINCT FROM (OLD.lane, OLD.nonce, OLD.target) THEN
        RAISE EXCEPTION 'what nonce % is for stays', OLD.nonce USING ERRCODE = 'TD012';
    END IF;
    IF OLD.state = 'final' OR (OLD.state, NEW.state) IN (('live', 'final'), ('mined', 'mined')) THEN
        RAISE EXCEPTION 'nonce % may not go from % to %', OLD.nonce, OLD.state, NEW.state USING ERRCODE = 'TD013';
    END IF;
    IF NEW.state = 'final' AND (NEW.block_hash, NEW.winner_hash) IS DISTINCT FROM (OLD.block_hash, OLD.winner_hash) THEN
        RAISE EXCEPTION 'nonce % is final in another block than it was mined in', OLD.nonce USING ERRCODE = 'TD013';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_slot BEFORE UPDATE ON writer.slots FOR EACH ROW EXECUTE FUNCTION writer.guard_slot();

CREATE FUNCTION writer.guard_member() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.outcome IS NOT NULL OR NOT EXISTS (
            SELECT FROM writer.intents WHERE intent = NEW.intent AND state = 'bound') THEN
            RAISE EXCEPTION 'intent % is not bound: no slot may take it', NEW.intent USING ERRCODE = 'TD014';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.lane, NEW.nonce, NEW.place, NEW.intent) IS DISTINCT FROM (OLD.lane, OLD.nonce, OLD.place, OLD.intent)
        OR OLD.outcome IS NOT NULL THEN
        RAISE EXCEPTION 'what nonce % did for an intent stays', OLD.nonce USING ERRCODE = 'TD012';
    END IF;
    IF NEW.outcome IS NOT NULL AND NOT EXISTS (
        SELECT FROM writer.slots WHERE lane = NEW.lane AND nonce = NEW.nonce AND state = 'final') THEN
        RAISE EXCEPTION 'nonce % is not final: nothing is known of what it does', NEW.nonce USING ERRCODE = 'TD014';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_member BEFORE INSERT OR UPDATE ON writer.members
    FOR EACH ROW EXECUTE FUNCTION writer.guard_member();

CREATE FUNCTION writer.guard_intent() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.intent, NEW.generation, NEW.position, NEW.stream, NEW.leaf, NEW.kind, NEW.target, NEW.natural_key,
        NEW.digest, NEW.call, NEW.subject, NEW.parent, NEW.stage)
        IS DISTINCT FROM (OLD.intent, OLD.generation, OLD.position, OLD.stream, OLD.leaf, OLD.kind, OLD.target,
        OLD.natural_key, OLD.digest, OLD.call, OLD.subject, OLD.parent, OLD.stage) THEN
        RAISE EXCEPTION 'what intent % promises stays', OLD.intent USING ERRCODE = 'TD012';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('queued', 'bound'), ('queued', 'landed'), ('queued', 'rejected'),
        ('bound', 'queued'), ('bound', 'landed'), ('bound', 'rejected')) THEN
        RAISE EXCEPTION 'intent % may not go from % to %', OLD.intent, OLD.state, NEW.state USING ERRCODE = 'TD013';
    END IF;
    IF OLD.state = 'bound' AND NEW.state <> 'bound' AND EXISTS (
        -- the second condition is the index's own: without it the planner cannot tell that the index serves
        SELECT FROM writer.members
        WHERE intent = OLD.intent AND outcome IS NULL AND outcome IS DISTINCT FROM 'released') THEN
        RAISE EXCEPTION 'intent % is in a slot that may still run', OLD.intent USING ERRCODE = 'TD014';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_intent BEFORE UPDATE ON writer.intents FOR EACH ROW EXECUTE FUNCTION writer.guard_intent();

CREATE FUNCTION writer.guard_submission() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM writer.slots s JOIN writer.lanes l ON l.lane = s.lane
            WHERE s.lane = NEW.lane AND s.nonce = NEW.nonce AND s.state <> 'final' AND l.epoch = NEW.epoch) THEN
            RAISE EXCEPTION 'nonce % is final, or epoch % is over', NEW.nonce, NEW.epoch USING ERRCODE = 'TD011';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.lane, NEW.nonce, NEW.number, NEW.purpose, NEW.hash, NEW.raw, NEW.gas_limit, NEW.gas_price_wei)
        IS DISTINCT FROM
        (OLD.lane, OLD.nonce, OLD.number, OLD.purpose, OLD.hash, OLD.raw, OLD.gas_limit, OLD.gas_price_wei) THEN
        RAISE EXCEPTION 'what was signed for nonce % stays', OLD.nonce USING ERRCODE = 'TD012';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_submission BEFORE INSERT OR UPDATE ON writer.submissions
    FOR EACH ROW EXECUTE FUNCTION writer.guard_submission();

GRANT USAGE ON SCHEMA writer TO tandem_writer, tandem_api;
GRANT SELECT ON ALL TABLES IN SCHEMA writer TO tandem_writer, tandem_api;
GRANT INSERT ON ALL TABLES IN SCHEMA writer TO tandem_writer;
GRANT UPDATE (position, rebuilt, ended_position) ON writer.followers TO tandem_writer;
GRANT UPDATE (name, checkpoint, checkpoint_hash, epoch, owner, lease_until, quarantine, burn_through, gas_used,
              fees_wei, draining)
    ON writer.lanes TO tandem_writer;
GRANT UPDATE (lane, state, releases, code, reason, refused_block, held_until_block, reported_position, settled_at)
    ON writer.intents TO tandem_writer;
GRANT UPDATE (state, block_number, block_hash, winner_hash, winner, final_at) ON writer.slots TO tandem_writer;
GRANT UPDATE (outcome, reason) ON writer.members TO tandem_writer;
GRANT UPDATE (sends, sent_block, sent_at, reply, reply_text) ON writer.submissions TO tandem_writer;
GRANT UPDATE (seen, last_seen_at) ON writer.unknown_replies TO tandem_writer;
