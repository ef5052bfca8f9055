WITH spent AS (
    DELETE FROM recovery_code WHERE user_id = $1 AND code_hash = $2
    RETURNING user_id
)
UPDATE second_factor SET failures = 0, locked_until = NULL
FROM spent
WHERE second_factor.user_id = spent.user_id
