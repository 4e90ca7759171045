-- Signed bytes of a slot, under the next number that it has.
INSERT INTO writer.submissions
    (lane, nonce, number, purpose, hash, raw, gas_limit, gas_price_wei, epoch, made_block)
SELECT %(lane)s, %(nonce)s, coalesce(max(number), 0) + 1, %(purpose)s, %(hash)s, %(raw)s, %(gas_limit)s,
       %(gas_price_wei)s, %(epoch)s, %(made_block)s
FROM writer.submissions WHERE lane = %(lane)s AND nonce = %(nonce)s
