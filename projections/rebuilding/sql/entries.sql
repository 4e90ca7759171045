-- The entries of one part in the order of the journal, for COPY. The index on the position gives that order.
COPY (
    SELECT notification_id, originator_id, originator_version, topic, state
    FROM journal.entries
    WHERE notification_id <= {target}
      AND (topic = ANY ({whole}) OR (topic <> ALL ({others})
           AND ({parts} = 1 OR (uuid_hash(originator_id) & 2147483647) % {parts} = {part})))
    ORDER BY notification_id
) TO STDOUT (FORMAT binary)
