INSERT INTO audit_log (actor, action, client_id, subject, detail, address, request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
