SELECT client_id, hash, max(asked_at)
FROM erased_person
JOIN person_erasure USING (client_id, erasure_id)
GROUP BY client_id, hash
