INSERT INTO audit_log (actor, action, client_id, subject, detail) VALUES ($1, $2, $3, $4, $5)
