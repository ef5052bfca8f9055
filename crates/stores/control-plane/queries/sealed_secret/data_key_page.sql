SELECT coalesce(client_id::text, '-') AS row_key, coalesce(client_id::text, '-') AS tenant, sealed AS sealed
FROM data_key
WHERE coalesce(client_id::text, '-') > $1::text
  AND substring(sealed FROM 2 FOR 8) <> $2
ORDER BY coalesce(client_id::text, '-')
LIMIT $3
FOR NO KEY UPDATE
