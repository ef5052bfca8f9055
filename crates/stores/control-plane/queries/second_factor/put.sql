-- Replaces one that was never confirmed.
INSERT INTO second_factor (user_id, client_id, secret_sealed)
SELECT user_id, client_id, $2 FROM app_user WHERE user_id = $1
ON CONFLICT (user_id) DO UPDATE SET secret_sealed = excluded.secret_sealed
WHERE second_factor.confirmed_at IS NULL
