SELECT user_id::text AS row_key, coalesce(client_id::text, '') AS tenant, secret_sealed AS sealed
FROM second_factor
WHERE user_id > coalesce(nullif($1::text, ''), '00000000-0000-0000-0000-000000000000')::uuid
  AND substring(secret_sealed FROM 2 FOR 8) <> $2
ORDER BY user_id
LIMIT $3
FOR NO KEY UPDATE
