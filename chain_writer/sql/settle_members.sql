-- What final slots did for their members.
UPDATE writer.members m SET outcome = v.outcome, reason = v.reason
FROM unnest(%(nonces)s::bigint[], %(intents)s::uuid[], %(outcomes)s::text[], %(reasons)s::text[])
    AS v (nonce, intent, outcome, reason)
WHERE m.lane = %(lane)s AND m.nonce = v.nonce AND m.intent = v.intent
