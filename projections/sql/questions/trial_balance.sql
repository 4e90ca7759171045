SELECT account, currency, sum(amount),
    coalesce(sum(amount) FILTER (WHERE amount > 0), 0), coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)
FROM book.lines
WHERE ({at}::bigint IS NULL OR position <= {at}) AND ({campaign}::uuid IS NULL OR campaign_id = {campaign})
GROUP BY account, currency ORDER BY currency, account
