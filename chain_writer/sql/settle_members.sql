-- What a final slot did for its members.
UPDATE writer.members m SET outcome = v.outcome, reason = v.reason
FROM unnest(%(intents)s::uuid[], %(outcomes)s::text[], %(reasons)s::text[]) AS v (intent, outcome, reason)
WHERE m.lane = %(lane)s AND m.nonce = %(nonce)s AND m.intent = v.intent
