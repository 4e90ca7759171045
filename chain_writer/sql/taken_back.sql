-- The blocks of these nonces are gone: they are live again, never sent as far as anybody knows.
WITH back AS (
    UPDATE writer.slots
    SET state = 'live', block_number = NULL, block_hash = NULL, winner_hash = NULL, winner = NULL
    WHERE lane = %(lane)s AND nonce = ANY(%(nonces)s) AND state = 'mined'
    RETURNING nonce)
UPDATE writer.submissions SET sent_block = NULL, reply = NULL
WHERE lane = %(lane)s AND nonce IN (SELECT nonce FROM back)
