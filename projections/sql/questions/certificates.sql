SELECT {columns} FROM book.certificates
WHERE position > {after}
AND ({campaign}::uuid IS NULL OR campaign_id = {campaign})
AND ({investor}::uuid IS NULL OR id IN (SELECT id FROM book.investments WHERE investor_id = {investor}))
AND ({state}::text IS NULL OR state = {state})
ORDER BY position LIMIT {limit}
