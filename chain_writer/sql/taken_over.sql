-- A tx took a nonce that was never given out: the slot is nobody's, but it is there, so that nonces have no holes.
INSERT INTO writer.slots (lane, nonce, state, block_number, block_hash, winner_hash, winner, target, epoch)
VALUES (%(lane)s, %(nonce)s, 'mined', %(block_number)s, %(block_hash)s, %(winner_hash)s, %(winner)s, %(target)s,
        %(epoch)s)
