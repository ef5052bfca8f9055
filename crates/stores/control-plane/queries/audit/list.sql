-- Latest first, of all tenants and the platform.
SELECT audit_id, at, actor, action, client_id, subject, detail, address, request_id
FROM audit_log
WHERE ($1::bigint IS NULL OR audit_id < $1)
  AND ($3::text IS NULL OR client_id = $3)
  AND ($4::text IS NULL OR actor = $4)
  AND ($5::text IS NULL OR action = $5)
  AND ($6::timestamptz IS NULL OR at >= $6)
  AND ($7::timestamptz IS NULL OR at < $7)
ORDER BY audit_id DESC
LIMIT $2
