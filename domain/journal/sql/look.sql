-- One look: the entries after a position, and what is known of some commands (version holds their number of events,
-- state their fingerprint).
(SELECT notification_id, originator_id, originator_version, topic, state, NULL::text AS scope, NULL::text AS key
 FROM journal.entries
 WHERE notification_id > %s
 ORDER BY notification_id
 LIMIT %s)
UNION ALL
SELECT c.position, NULL, c.events, NULL, c.fingerprint, c.scope, c.key
FROM unnest(%b::text[], %b::text[]) AS asked(scope, key)
JOIN journal.commands AS c ON c.scope = asked.scope AND c.key = asked.key
