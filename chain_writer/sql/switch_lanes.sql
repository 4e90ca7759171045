-- The lanes of the generation that lives now take the names of the house; those of other chains give them up.
UPDATE writer.lanes
SET name = CASE WHEN chain_id = %(chain_id)s AND genesis_hash = %(genesis_hash)s THEN split_part(name, '@', 1)
                ELSE name || '@' || left(%(previous)s::text, 8) END
WHERE (chain_id = %(chain_id)s AND genesis_hash = %(genesis_hash)s
       AND right(name, 9) = '@' || left(%(successor)s::text, 8))
   OR (NOT (chain_id = %(chain_id)s AND genesis_hash = %(genesis_hash)s) AND strpos(name, '@') = 0)
