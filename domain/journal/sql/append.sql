SELECT journal.append(
    %b::bigint, %b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::text[], %b::text[], %b::bytea[], %b::integer[]
)
