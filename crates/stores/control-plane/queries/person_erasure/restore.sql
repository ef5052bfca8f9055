INSERT INTO person_erasure (client_id, erasure_id, asked_by, asked_at)
SELECT client_id, $2, $3, $4
FROM tenant
WHERE client_id = $1 AND state <> 'erasing'
  AND NOT EXISTS (SELECT FROM person_erasure WHERE client_id = $1 AND erasure_id = $2)
ON CONFLICT (client_id, erasure_id) DO NOTHING
