-- Families whose every token has ended can no longer be told from unknown ones.
DELETE FROM refresh_family
WHERE user_id = $1
  AND NOT EXISTS (
      SELECT FROM refresh_token
      WHERE refresh_token.family_id = refresh_family.family_id AND expires_at > $2
  )
