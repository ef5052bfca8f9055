-- Of every user. Its trigger tells all processes.
UPDATE refresh_family SET revoked_at = $1, end_reason = 'ended'
WHERE revoked_at IS NULL
