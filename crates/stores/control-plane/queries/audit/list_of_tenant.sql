-- Latest first. Where an admin of the platform works is not the tenant's business.
SELECT audit_id, at, actor, action, client_id, subject, detail, request_id,
    CASE
        WHEN starts_with(actor, 'key:') OR EXISTS (
            SELECT FROM app_user
            WHERE app_user.client_id = audit_log.client_id AND 'user:' || user_id = actor
        ) THEN address
    END AS address
FROM audit_log
WHERE client_id = $3
  AND ($1::bigint IS NULL OR audit_id < $1)
  AND ($4::text IS NULL OR actor = $4)
  AND ($5::text IS NULL OR action = $5)
  AND ($6::timestamptz IS NULL OR at >= $6)
  AND ($7::timestamptz IS NULL OR at < $7)
ORDER BY audit_id DESC
LIMIT $2
