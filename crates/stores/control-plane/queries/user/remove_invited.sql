-- Deletes the invitation too, by its foreign key. A user whose password was reset is not removed.
DELETE FROM app_user
WHERE client_id = $1 AND user_id = $2 AND password_hash IS NULL
  AND NOT EXISTS (
      SELECT FROM invitation
      WHERE invitation.user_id = app_user.user_id AND purpose = 'reset'
  )
