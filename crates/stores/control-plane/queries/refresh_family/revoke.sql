UPDATE refresh_family SET revoked_at = $2, end_reason = 'logged_out'
FROM refresh_token
WHERE refresh_token.token_hash = $1
  AND refresh_token.family_id = refresh_family.family_id
  AND revoked_at IS NULL
