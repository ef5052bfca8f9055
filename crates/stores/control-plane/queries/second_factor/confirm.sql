-- Only while the password that was verified is still the user's.
UPDATE second_factor SET confirmed_at = $3, last_step = $2
WHERE user_id = $1 AND confirmed_at IS NULL AND secret_sealed = $4
  AND user_id IN (
      SELECT user_id FROM app_user
      WHERE user_id = $1 AND password_hash = $5 AND NOT disabled
      FOR SHARE
  )
