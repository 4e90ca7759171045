-- Rows that differ between a live table and its new one, as JSON, by key.
SELECT coalesce(a.{key}, b.{key})::text, to_jsonb(a), to_jsonb(b)
FROM (SELECT {columns} FROM {live}) AS a FULL JOIN (SELECT {columns} FROM {new}) AS b ON a.{key} = b.{key}
WHERE a::text IS DISTINCT FROM b::text
ORDER BY 1 LIMIT {limit}
