-- The queued intents of a lane that nothing unsettled stands before, oldest first. Something of its stream in a later
-- stage stands before none: that one waits itself for what was released behind it.
-- All that is open is read once, and what stands before each is told by windows over it: asked for each row by NOT
-- EXISTS, all were compared with all, in whatever way the planner took for a table of whose growth it has no figures.
WITH open AS MATERIALIZED (
    SELECT intent, position, lane, state, held_until_block, subject, parent, stage,
           min(stage) OVER (PARTITION BY subject) AS first_stage,
           min(stage) OVER (PARTITION BY stream ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
               AS stage_before
    FROM writer.intents
    WHERE generation = %(generation)s AND state IN ('queued', 'bound')
), ready AS MATERIALIZED (
    SELECT intent
    FROM open
    WHERE lane = %(lane)s AND state = 'queued'
      AND (held_until_block IS NULL OR held_until_block <= %(head)s)
      AND first_stage >= stage
      AND (stage_before IS NULL OR stage_before > stage)
      AND (parent IS NULL OR parent NOT IN (SELECT DISTINCT subject FROM open))
    ORDER BY position
    LIMIT %(limit)s
)
SELECT i.intent, i.kind, i.target, i.natural_key, i.digest, i.leaf, i.call::text, i.releases, i.code, i.refused_block
FROM ready JOIN writer.intents i USING (intent)
ORDER BY i.position
