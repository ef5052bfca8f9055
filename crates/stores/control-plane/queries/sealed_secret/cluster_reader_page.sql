SELECT name::text AS row_key, '' AS tenant, reader_password_sealed AS sealed
FROM cluster
WHERE name > $1::text
  AND substring(reader_password_sealed FROM 2 FOR 8) <> $2
ORDER BY name
LIMIT $3
FOR NO KEY UPDATE
