-- The invitation goes with its user, who never was one.
DELETE FROM app_user WHERE client_id = $1 AND user_id = $2 AND password_hash IS NULL
