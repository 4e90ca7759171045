-- The foreign logs after one of them, whole.
SELECT
    f.id, f.reason, f.detail, l.kind, f.leaf, f.entry_position, f.found_at,
    l.block_number, l.block_hash, l.tx_hash, l.tx_index, l.log_index, l.address, l.topics, l.data
FROM indexer.foreign_logs AS f
JOIN indexer.logs AS l USING (block_hash, tx_hash, log_index)
WHERE f.id > %(after)s
ORDER BY f.id
LIMIT %(limit)s
