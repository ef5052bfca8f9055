-- The sessions that ended while an access token of theirs may still be valid.
SELECT client_id, token_version, ARRAY(
    SELECT family_id FROM refresh_family
    WHERE refresh_family.user_id = app_user.user_id AND revoked_at > now() - interval '2 hours'
) AS ended_sessions
FROM app_user
WHERE user_id = $1 AND NOT disabled
