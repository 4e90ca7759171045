-- The contract has these already. What is not bound may be settled without a nonce of ours.
UPDATE writer.intents SET state = 'landed', code = NULL, reason = 'found on the chain', refused_block = NULL,
    held_until_block = NULL, settled_at = now()
WHERE intent = ANY(%s) AND state = 'queued'
