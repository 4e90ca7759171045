-- Where the effect of an entry stands, on the living chain generation; of others, on the one that was begun last. What
-- was released and obliged anew has several intents of one leaf: the last one tells.
SELECT i.intent, i.kind, i.target, i.lane, i.state, i.code, i.reason, i.releases, i.held_until_block,
       m.nonce, m.outcome, s.state, s.block_number, s.block_hash, s.winner_hash, s.lane, i.reported_position
FROM writer.intents i
JOIN writer.followers f USING (generation)
LEFT JOIN LATERAL (SELECT * FROM writer.members WHERE intent = i.intent
                   ORDER BY (outcome IS DISTINCT FROM 'released') DESC, nonce DESC LIMIT 1) m ON true
LEFT JOIN writer.slots s ON s.lane = m.lane AND s.nonce = m.nonce
WHERE (i.generation, i.leaf) IN (SELECT generation, leaf FROM writer.intents WHERE position = %s)
ORDER BY f.rebuilt OR f.ended_position IS NOT NULL, f.started_at DESC, i.position DESC
LIMIT 1
