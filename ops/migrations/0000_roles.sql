-- One role a room, without login: a process takes its room's role on connecting, and can do no more than that room may.
-- Roles belong to the whole cluster, so they may be there already.

DO $$
DECLARE
    room text;
BEGIN
    FOREACH room IN ARRAY ARRAY['api', 'writer', 'indexer', 'book', 'rebuild', 'processes'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE tandem_%s NOLOGIN', room);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
        IF NOT pg_has_role(current_user, 'tandem_' || room, 'MEMBER') THEN
            EXECUTE format('GRANT tandem_%s TO %I', room, current_user);
        END IF;
    END LOOP;
END $$;
