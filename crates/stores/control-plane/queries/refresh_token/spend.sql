-- One statement: of two concurrent requests, the second finds the token spent. A spent token is
-- valid for ten more seconds, because an answer may be lost and two tabs may refresh at once. It
-- becomes invalid once a successor is spent, because the client then had the answer. An unspent
-- token remains valid whatever happens to its siblings: each tab continues with its own.
UPDATE refresh_token SET used_at = coalesce(used_at, $2)
FROM refresh_family JOIN app_user USING (user_id)
WHERE token_hash = $1
  AND refresh_family.family_id = refresh_token.family_id
  AND refresh_family.revoked_at IS NULL
  AND NOT app_user.disabled
  AND expires_at > $2
  AND (
      used_at IS NULL
      OR used_at > $2 - interval '10 seconds' AND NOT EXISTS (
          SELECT FROM refresh_token AS successor
          WHERE successor.family_id = refresh_token.family_id
            AND successor.issued_at > refresh_token.issued_at
            AND successor.used_at IS NOT NULL
      )
  )
RETURNING refresh_token.family_id, app_user.user_id, app_user.client_id, app_user.role,
    app_user.advertiser_id, app_user.password_hash, app_user.token_version
