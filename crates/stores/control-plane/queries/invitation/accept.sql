-- One statement: of two concurrent requests, the second finds a user who has a password.
WITH invited AS (
    SELECT app_user.user_id
    FROM app_user JOIN invitation USING (user_id)
    WHERE token_hash = $1 AND expires_at > $3 AND password_hash IS NULL AND NOT disabled
    FOR UPDATE OF app_user
),
spent AS (
    DELETE FROM invitation
    USING invited
    WHERE invitation.user_id = invited.user_id AND token_hash = $1
    RETURNING invitation.user_id
)
UPDATE app_user SET password_hash = $2
FROM spent
WHERE app_user.user_id = spent.user_id
RETURNING app_user.user_id, client_id, role, advertiser_id, password_hash, token_version
