-- The intents of some slots, with what is needed to judge what the slots did for them.
SELECT m.nonce, m.intent, i.kind, i.target, i.natural_key, i.digest, i.leaf, i.releases
FROM writer.members m JOIN writer.intents i USING (intent)
WHERE m.lane = %s AND m.nonce = ANY(%s)
ORDER BY m.nonce, m.place
