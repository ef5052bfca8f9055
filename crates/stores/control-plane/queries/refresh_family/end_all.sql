-- Of every user. Its trigger tells all processes of each, so those that have expired stay as they are.
UPDATE refresh_family SET revoked_at = $1, end_reason = 'ended'
WHERE revoked_at IS NULL AND ends_at > $1
