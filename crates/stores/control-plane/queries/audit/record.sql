-- A security event is done by and to the same credential.
INSERT INTO audit_log (at, actor, action, client_id, subject) VALUES ($1, $2, $3, $4, $2)
