-- New intents, one a row of the arrays. One with a flaw is rejected as it is made.
INSERT INTO writer.intents (
    intent, generation, position, stream, leaf, correlation_id, kind, target, natural_key, digest, call,
    subject, parent, stage, lane, state, code, reason, settled_at)
SELECT
    o.intent, %(generation)s, o.position, o.stream, o.leaf, o.correlation_id, o.kind, o.target, o.natural_key, o.digest,
    o.call::jsonb, o.subject, o.parent, o.stage, o.lane,
    CASE WHEN o.flaw IS NULL THEN 'queued' ELSE 'rejected' END,
    CASE WHEN o.flaw IS NOT NULL THEN 'not-callable' END, o.flaw,
    CASE WHEN o.flaw IS NOT NULL THEN now() END
FROM unnest(
    %(intents)s::uuid[], %(positions)s::bigint[], %(streams)s::uuid[], %(leaves)s::bytea[], %(correlations)s::uuid[],
    %(kinds)s::text[], %(targets)s::text[], %(keys)s::bytea[], %(digests)s::bytea[], %(calls)s::text[],
    %(subjects)s::uuid[], %(parents)s::uuid[], %(stages)s::smallint[], %(lanes)s::text[], %(flaws)s::text[]
) AS o (intent, position, stream, leaf, correlation_id, kind, target, natural_key, digest, call,
        subject, parent, stage, lane, flaw)
