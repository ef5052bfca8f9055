-- The actor of a security event is also its subject.
INSERT INTO audit_log (at, actor, action, client_id, subject, address, request_id)
VALUES ($1, $2, $3, $4, $2, $5, $6)
