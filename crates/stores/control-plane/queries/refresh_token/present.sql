-- Locks the token: of two concurrent requests, the second finds it spent. A spent token is answered
-- again for ten more seconds, because an answer may be lost and two tabs may refresh at once, unless
-- its successor is spent: the client then had the answer.
SELECT refresh_family.family_id, refresh_family.ends_at, refresh_token.used_at,
    refresh_token.successor_sealed,
    coalesce(used_at > $2 - interval '10 seconds', false) AND NOT EXISTS (
        SELECT FROM refresh_token AS successor
        WHERE successor.token_hash = refresh_token.successor_hash
          AND successor.used_at IS NOT NULL
    ) AS is_repeated,
    app_user.user_id, app_user.client_id, app_user.role, app_user.advertiser_id,
    app_user.password_hash, app_user.token_version
FROM refresh_token
JOIN refresh_family USING (family_id)
JOIN app_user USING (user_id)
WHERE token_hash = $1
  AND refresh_family.revoked_at IS NULL
  AND NOT app_user.disabled
  AND expires_at > $2
  AND ends_at > $2
FOR UPDATE OF refresh_token
