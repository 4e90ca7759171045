-- A tx took this nonce in this block.
UPDATE writer.slots
SET state = 'mined', block_number = %(block_number)s, block_hash = %(block_hash)s, winner_hash = %(winner_hash)s,
    winner = %(winner)s
WHERE lane = %(lane)s AND nonce = %(nonce)s AND state = 'live'
