INSERT INTO recovery_code (user_id, client_id, code_hash)
SELECT user_id, client_id, code_hash
FROM second_factor, unnest($2::bytea[]) AS codes (code_hash)
WHERE user_id = $1
