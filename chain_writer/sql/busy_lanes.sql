-- The names of the lanes that have something to do or to watch.
SELECT lane FROM writer.intents WHERE state = 'queued'
UNION
SELECT l.name FROM writer.lanes l
WHERE EXISTS (SELECT FROM writer.slots s WHERE s.lane = l.lane AND s.state <> 'final')
ORDER BY 1
