-- Queued intents that go into a slot now; what was said of them before is of no use any more.
UPDATE writer.intents
SET state = 'bound', code = NULL, reason = NULL, refused_block = NULL, held_until_block = NULL
WHERE intent = ANY(%s) AND state = 'queued'
