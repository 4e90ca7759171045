-- What came of sending some submissions. A hint: losing it loses nothing.
UPDATE writer.submissions a
SET sends = a.sends + 1, sent_block = %(block)s, sent_at = now(), reply = n.reply, reply_text = n.reply_text
FROM unnest(%(hashes)s::text[], %(replies)s::text[], %(texts)s::text[]) AS n (hash, reply, reply_text)
WHERE a.lane = %(lane)s AND a.hash = n.hash
