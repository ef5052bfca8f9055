-- As `present`, but it locks nothing and finds no spent token.
SELECT refresh_family.family_id, app_user.user_id, app_user.client_id, app_user.role,
    app_user.advertiser_id, app_user.password_hash, app_user.token_version
FROM refresh_token
JOIN refresh_family USING (family_id)
JOIN app_user USING (user_id)
WHERE token_hash = $1
  AND refresh_token.used_at IS NULL
  AND refresh_family.revoked_at IS NULL
  AND NOT app_user.disabled
  AND expires_at > $2
  AND ends_at > $2
