INSERT INTO offboarding (client_id, reason, begun_by, grace_ends_at)
VALUES ($1, $2, $3, now() + $4 * interval '1 second')
