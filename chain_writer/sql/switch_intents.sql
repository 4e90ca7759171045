-- What is open of the generation that ended leaves the lanes of the house: their names are the other's from now on.
UPDATE writer.intents
SET lane = CASE WHEN generation = %(previous)s THEN split_part(lane, '@', 1) || '@' || left(generation::text, 8)
                ELSE split_part(lane, '@', 1) END
WHERE generation IN (%(previous)s, %(successor)s) AND state IN ('queued', 'bound')
