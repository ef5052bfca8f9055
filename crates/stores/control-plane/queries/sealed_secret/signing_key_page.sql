SELECT kid AS row_key, '' AS tenant, pkcs8_sealed AS sealed
FROM signing_key
WHERE kid > $1::text
  AND substring(pkcs8_sealed FROM 2 FOR 8) <> $2
ORDER BY kid
LIMIT $3
FOR NO KEY UPDATE
