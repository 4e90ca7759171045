-- How the indexer stands. The lag is worded as in ranges.lag_of. Ready is who has fed all that is final of a young head:
-- a node that stands still, or that nobody asks, makes nobody ready.
WITH standing AS (
SELECT
    generation, block_number, block_hash, block_timestamp_s, fed_at,
    head_number, head_hash, head_timestamp_s, head_seen_at,
    greatest(0, extract(epoch FROM now())::bigint - head_timestamp_s) AS head_age_s,
    CASE WHEN head_number < block_number THEN block_number - head_number
         ELSE greatest(0, head_number - finality_depth - block_number) END AS lag,
    CASE WHEN head_number - finality_depth > block_number THEN greatest(0, head_timestamp_s - block_timestamp_s)
         ELSE 0 END AS lag_s,
    finality_depth, reorgs, reorg_depth_max, logs, confirmed, foreign_logs, children,
    (SELECT count(*) FROM indexer.nodes) AS nodes,
    (SELECT count(*) FROM indexer.nodes WHERE trouble <> '') AS nodes_aside
FROM indexer.checkpoint
)
SELECT *, (lag = 0 AND head_age_s <= %(head_age_s_max)s)::int AS ready FROM standing
