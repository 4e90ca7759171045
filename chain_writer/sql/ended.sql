-- Where the generation of an intent has ended, if it has. The row is held: nobody ends it until this is committed.
SELECT ended_position FROM writer.followers
WHERE generation = (SELECT generation FROM writer.intents WHERE intent = %s)
FOR KEY SHARE
