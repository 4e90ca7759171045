-- Rejected intents that the domain has not been told of, oldest first.
SELECT i.intent, i.stream, i.position, i.correlation_id, f.chain_id, i.code, i.reason
FROM writer.intents i JOIN writer.followers f USING (generation)
WHERE i.state = 'rejected' AND i.reported_position IS NULL
ORDER BY i.position
LIMIT %s
