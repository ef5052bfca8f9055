SELECT client_id::text AS row_key, client_id::text AS tenant, sealed AS sealed
FROM person_key
WHERE client_id > $1::text
  AND substring(sealed FROM 2 FOR 8) <> $2
ORDER BY client_id
LIMIT $3
FOR NO KEY UPDATE
