-- One generation ends, the other lives; no row is left where that was done before. The rows are held for update (see
-- held_followers.sql), so that whoever binds something of either has done so, or finds it ended.
UPDATE writer.followers
SET rebuilt = rebuilt AND generation <> %(successor)s,
    ended_position = CASE WHEN generation = %(previous)s THEN %(position)s ELSE ended_position END
WHERE (generation = %(previous)s AND ended_position IS NULL) OR (generation = %(successor)s AND rebuilt)
