-- Under the tenant's lock, so that the count includes every other one that is not finished.
INSERT INTO person_erasure (client_id, erasure_id, asked_by, asked_at)
SELECT $1, $2, $3, $4
WHERE (SELECT count(*) FROM person_erasure WHERE client_id = $1 AND erased_at IS NULL) < $5
