-- Rejected intents of the living generation that the domain has not been told of, oldest first. Each is told of under
-- the position of the entry that obliged its effect: of all intents with its leaf, the first.
SELECT i.intent, i.stream,
       (SELECT min(o.position) FROM writer.intents o WHERE o.generation = i.generation AND o.leaf = i.leaf),
       i.correlation_id, f.chain_id, i.code, i.reason, i.kind
FROM writer.intents i JOIN writer.followers f USING (generation)
WHERE i.state = 'rejected' AND i.reported_position IS NULL AND NOT f.rebuilt
  AND f.ended_position IS NULL
ORDER BY i.position
LIMIT %s
