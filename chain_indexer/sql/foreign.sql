-- The foreign logs after one of them, whole.
SELECT
    f.id, f.reason, f.detail, l.kind, f.leaf, f.entry_position, f.found_at,
    l.block_number, indexer.hex(l.block_hash) AS block_hash, indexer.hex(l.tx_hash) AS tx_hash, l.tx_index, l.log_index,
    indexer.hex(l.address) AS address,
    ARRAY(SELECT substring(l.topics FROM place FOR 32) FROM generate_series(1, octet_length(l.topics), 32) AS place) AS topics,
    l.data
FROM indexer.foreign_logs AS f
JOIN indexer.logs AS l USING (block_number, tx_index, log_index)
WHERE f.id > %(after)s
ORDER BY f.id
LIMIT %(limit)s
