SELECT erasure_id, kind, hash
FROM erased_person
WHERE client_id = $1 AND erasure_id = ANY($2)
ORDER BY erasure_id, kind, hash
