-- What an investor has in each campaign. A certificate that its holder has transferred is no longer of the portfolio.
WITH own AS (SELECT * FROM book.investments WHERE investor_id = {investor}),
money AS (
    SELECT investment_id, sum(amount) AS amount, sum(owed) AS owed, sum(returned - reclaimed) AS returned,
        sum(reversed) AS reversed
    FROM book.payments WHERE investment_id IN (SELECT id FROM own) GROUP BY investment_id
),
held AS (
    SELECT id, shares FROM book.certificates
    WHERE id IN (SELECT id FROM own) AND state = 'active' AND NOT EXISTS (
        SELECT FROM book.holdings WHERE investment_id = certificates.id AND began = 'transferred'
    )
)
SELECT min(own.position), campaign_id, campaigns.company_id, campaigns.title, campaigns.status, campaigns.currency,
    count(*),
    coalesce(sum(own.amount) FILTER (WHERE own.status IN
        ('committed', 'paid', 'funded', 'allotted', 'certified', 'revoked')), 0),
    coalesce(sum(own.amount) FILTER (WHERE own.status = 'waiting'), 0),
    coalesce(sum(money.amount), 0),
    coalesce(sum(own.paid) FILTER (WHERE funded_position IS NULL), 0),
    coalesce(sum(own.paid) FILTER (WHERE funded_position IS NOT NULL AND own.status <> 'refunded'), 0),
    coalesce(sum(own.paid) FILTER (WHERE funded_position IS NOT NULL AND own.status = 'refunded'), 0),
    coalesce(sum(money.owed), 0), coalesce(sum(money.returned), 0), coalesce(sum(money.reversed), 0),
    coalesce(sum(allotted) FILTER (WHERE own.status IN ('allotted', 'certified', 'revoked')), 0),
    coalesce(sum(held.shares), 0), count(held.id)
FROM own
JOIN book.campaigns ON campaigns.id = campaign_id
LEFT JOIN money ON money.investment_id = own.id
LEFT JOIN held ON held.id = own.id
GROUP BY campaign_id, campaigns.company_id, campaigns.title, campaigns.status, campaigns.currency
ORDER BY min(own.position)
