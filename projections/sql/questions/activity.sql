SELECT {columns} FROM book.activities
WHERE ({after} = 0 OR position < {after})
AND ({campaign}::uuid IS NULL OR campaign_id = {campaign})
AND ({company}::uuid IS NULL OR company_id = {company}
    OR campaign_id IN (SELECT id FROM book.campaigns WHERE company_id = {company}))
AND ({investor}::uuid IS NULL OR investor_id = {investor})
AND (NOT {public} OR public)
ORDER BY position DESC LIMIT {limit}
