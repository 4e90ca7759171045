-- The names of the lanes that have something to do or to watch; those of a generation that is posted again have an @.
SELECT lane FROM writer.intents WHERE state = 'queued' AND strpos(lane, '@') = 0
UNION
SELECT l.name FROM writer.lanes l
WHERE strpos(l.name, '@') = 0 AND EXISTS (SELECT FROM writer.slots s WHERE s.lane = l.lane AND s.state <> 'final')
ORDER BY 1
