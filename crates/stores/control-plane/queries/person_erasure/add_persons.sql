INSERT INTO erased_person (client_id, erasure_id, kind, hash)
SELECT $1, $2, kind, hash
FROM unnest($3::text[], $4::bytea[]) AS person (kind, hash)
ON CONFLICT DO NOTHING
