-- A family whose tokens have all expired is treated as unknown in any case.
DELETE FROM refresh_family
WHERE user_id = $1
  AND NOT EXISTS (
      SELECT FROM refresh_token
      WHERE refresh_token.family_id = refresh_family.family_id AND expires_at > $2
  )
