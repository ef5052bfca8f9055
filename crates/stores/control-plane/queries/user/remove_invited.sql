-- Deletes the invitation too, by its foreign key.
DELETE FROM app_user WHERE client_id = $1 AND user_id = $2 AND password_hash IS NULL
