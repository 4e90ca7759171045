-- The queued intents of a lane that nothing unsettled stands before, oldest first.
SELECT i.intent, i.kind, i.target, i.natural_key, i.digest, i.leaf, i.call::text, i.releases, i.code, i.refused_block
FROM writer.intents i
WHERE i.generation = %(generation)s AND i.lane = %(lane)s AND i.state = 'queued'
  AND (i.held_until_block IS NULL OR i.held_until_block <= %(head)s)
  AND NOT EXISTS (
      SELECT FROM writer.intents e
      WHERE e.generation = i.generation AND e.subject = i.subject AND e.stage < i.stage
        AND e.state IN ('queued', 'bound'))
  AND NOT EXISTS (
      SELECT FROM writer.intents e
      WHERE e.generation = i.generation AND e.subject = i.parent AND e.state IN ('queued', 'bound'))
  AND NOT EXISTS (
      SELECT FROM writer.intents e
      WHERE e.generation = i.generation AND e.stream = i.stream AND e.position < i.position
        AND e.state IN ('queued', 'bound'))
ORDER BY i.position
LIMIT %(limit)s
