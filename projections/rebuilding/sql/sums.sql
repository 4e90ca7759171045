-- What two tables of the same rows have in common: their number, and the sum of the rows' hashes in any order.
SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0), {totals} FROM (SELECT {columns} FROM {table}) AS t
