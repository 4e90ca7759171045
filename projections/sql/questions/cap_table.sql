SELECT h.position, h.investment_id, i.investor_id, h.wallet, h.shares, h.token_id, c.certified_position, h.from_at
FROM book.holdings h
JOIN book.certificates c ON c.id = h.investment_id
JOIN book.investments i ON i.id = h.investment_id
WHERE h.campaign_id = {campaign} AND h.position > {after} AND h.position <= {at}
AND (h.to_position IS NULL OR h.to_position > {at})
ORDER BY h.position LIMIT {limit}
