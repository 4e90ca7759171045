-- How the indexer stands. The lag is worded as in ranges.lag_of.
SELECT
    generation, block_number, block_hash, block_timestamp_s, fed_at,
    head_number, head_hash, head_timestamp_s, head_seen_at,
    greatest(0, extract(epoch FROM now())::bigint - head_timestamp_s) AS head_age_s,
    CASE WHEN head_number < block_number THEN block_number - head_number
         ELSE greatest(0, head_number - finality_depth - block_number) END AS lag,
    finality_depth, reorgs, reorg_depth_max, logs, confirmed, foreign_logs, children
FROM indexer.checkpoint
