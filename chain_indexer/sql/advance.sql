-- Moves the checkpoint, if it still is where this indexer left it, counts what is kept with it, and forgets the headers up to
-- it.
WITH final AS (DELETE FROM indexer.headers WHERE block_number <= %(number)s)
UPDATE indexer.checkpoint
SET block_number = %(number)s, block_hash = %(hash)s, parent_hash = %(parent_hash)s,
    block_timestamp_s = %(timestamp_s)s, fed_at = now(),
    logs = logs + %(logs)s, confirmed = confirmed + %(confirmed)s,
    foreign_logs = foreign_logs + %(foreign_logs)s, children = children + %(children)s
WHERE block_hash = %(before)s
