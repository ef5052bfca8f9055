-- The lock on the user's row prevents that the previous invitation is accepted meanwhile.
INSERT INTO invitation (user_id, client_id, token_hash, expires_at)
SELECT user_id, client_id, $3, $4
FROM app_user
WHERE client_id = $1 AND user_id = $2 AND password_hash IS NULL AND NOT disabled
FOR UPDATE
ON CONFLICT (user_id) DO UPDATE
    SET token_hash = excluded.token_hash, expires_at = excluded.expires_at
