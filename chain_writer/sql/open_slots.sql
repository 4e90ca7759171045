-- The slots of a lane that are not final, in the order of their nonces, each with its submissions.
SELECT s.nonce, s.state, s.target, s.block_number, s.block_hash, s.winner_hash, s.winner,
       a.number, a.purpose, a.hash, a.raw, a.gas_limit, a.gas_price_wei::text, a.made_block, a.sends, a.sent_block,
       a.reply
FROM writer.slots s LEFT JOIN writer.submissions a USING (lane, nonce)
WHERE s.lane = %s AND s.state <> 'final'
ORDER BY s.nonce, a.number
