-- Lays the first checkpoint: the block before the first deployment of the generation.
INSERT INTO indexer.checkpoint (
    generation, block_number, block_hash, parent_hash, block_timestamp_s,
    head_number, head_hash, head_timestamp_s, finality_depth)
VALUES (
    %(generation)s, %(number)s, %(hash)s, %(parent_hash)s, %(timestamp_s)s,
    %(head_number)s, %(head_hash)s, %(head_timestamp_s)s, %(finality_depth)s)
