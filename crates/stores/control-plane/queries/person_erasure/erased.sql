SELECT hash, asked_at
FROM person_erasure
JOIN erased_person USING (client_id, erasure_id)
WHERE client_id = $1 AND number > $2
