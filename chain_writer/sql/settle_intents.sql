-- What becomes of the intents of final slots: landed, rejected, or queued again.
UPDATE writer.intents i
SET state = v.state, code = v.code, reason = v.reason, refused_block = NULL, held_until_block = NULL,
    releases = i.releases + (v.outcome = 'released')::integer,
    settled_at = CASE WHEN v.state = 'queued' THEN NULL ELSE now() END
FROM unnest(%(intents)s::uuid[], %(states)s::text[], %(outcomes)s::text[], %(codes)s::text[], %(reasons)s::text[])
    AS v (intent, state, outcome, code, reason)
WHERE i.intent = v.intent AND i.state = 'bound'
