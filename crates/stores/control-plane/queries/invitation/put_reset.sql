-- A trigger ends the user's sessions with the password. A reset that was not used yet is replaced.
WITH reset AS (
    UPDATE app_user SET password_hash = NULL
    WHERE client_id = $1 AND user_id = $2 AND role = ANY ($3) AND NOT disabled
      AND (password_hash IS NOT NULL OR EXISTS (
          SELECT FROM invitation
          WHERE invitation.user_id = app_user.user_id AND purpose = 'reset'
      ))
    RETURNING user_id, client_id
)
INSERT INTO invitation (user_id, client_id, token_hash, expires_at, purpose)
SELECT user_id, client_id, $4, $5, 'reset'
FROM reset
ON CONFLICT (user_id) DO UPDATE
    SET token_hash = excluded.token_hash, expires_at = excluded.expires_at, purpose = 'reset'
