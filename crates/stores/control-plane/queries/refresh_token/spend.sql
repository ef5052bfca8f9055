-- One statement: of two that come at once, the second finds the token spent. For ten seconds that
-- still counts as good, because an answer gets lost or two tabs ask at once; but not once a
-- successor has been spent, for then whoever presents it had the answer. A token nobody has spent
-- is good whatever its siblings did: each tab goes on with its own.
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
