SELECT audit_id, at, actor, action, client_id, subject, detail
FROM audit_log
WHERE $1::bigint IS NULL OR audit_id < $1
ORDER BY audit_id DESC
LIMIT $2
