-- Each lane in numbers: every name that an intent was given, and every name that has a signer. The lanes of a
-- generation that has ended have nothing to do any more, and are not told of.
WITH names AS (SELECT lane AS name FROM writer.intents WHERE state IN ('queued', 'bound')
               UNION SELECT name FROM writer.lanes)
SELECT n.name, l.address, l.owner, coalesce(l.lease_until > now(), false), l.quarantine, l.next_nonce,
       l.first_nonce + (SELECT count(*) FROM writer.slots s WHERE s.lane = l.lane AND s.state = 'final'),
       (SELECT count(*) FROM writer.slots s WHERE s.lane = l.lane AND s.state <> 'final'),
       (SELECT count(*) FROM writer.intents i WHERE i.lane = n.name AND i.state = 'queued'),
       (SELECT count(*) FROM writer.intents i WHERE i.lane = n.name AND i.state = 'queued' AND i.code IS NOT NULL),
       (SELECT extract(epoch FROM now() - min(i.queued_at))::bigint FROM writer.intents i
        WHERE i.lane = n.name AND i.state IN ('queued', 'bound')),
       coalesce(l.draining, false),
       (SELECT count(*) FROM writer.intents i WHERE i.lane = n.name AND i.state = 'bound'),
       (SELECT count(*) FROM writer.slots s WHERE s.lane = l.lane AND s.state = 'live'),
       (SELECT extract(epoch FROM now() - s.allotted_at)::bigint FROM writer.slots s
        WHERE s.lane = l.lane AND s.state = 'live' ORDER BY s.nonce LIMIT 1),
       (SELECT extract(epoch FROM now() - min(i.queued_at))::bigint FROM writer.intents i
        WHERE i.lane = n.name AND i.state = 'queued'),
       coalesce(l.epoch, 0), l.gas_used, l.fees_wei::text
FROM names n LEFT JOIN writer.lanes l USING (name)
WHERE NOT EXISTS (SELECT FROM writer.followers f
                  WHERE f.ended_position IS NOT NULL AND right(n.name, 9) = '@' || left(f.generation::text, 8))
ORDER BY n.name, l.address
