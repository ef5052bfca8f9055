-- Of two concurrent changes the second finds another password. Triggers end the sessions.
UPDATE app_user SET password_hash = $3
WHERE user_id = $1 AND password_hash = $2 AND NOT disabled
