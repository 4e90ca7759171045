-- Periods as they stood at a position: what ended later stands still. Of one campaign, or of all of one company.
SELECT {columns} FROM book.holdings
WHERE position > {after} AND position <= {at}
AND ({campaign}::uuid IS NULL OR campaign_id = {campaign})
AND ({company}::uuid IS NULL OR campaign_id IN (SELECT id FROM book.campaigns WHERE company_id = {company}))
AND (NOT {standing} OR to_position IS NULL OR to_position > {at})
ORDER BY position LIMIT {limit}
