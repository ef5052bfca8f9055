-- Only while the password that was verified is still the user's. The lock makes a change of it wait, and its trigger
-- then ends this session too.
INSERT INTO refresh_family (family_id, user_id, created_at, ends_at, address, user_agent)
SELECT $1, user_id, $3, $4, $5, $6
FROM app_user
WHERE user_id = $2 AND NOT disabled AND password_hash = $7
FOR SHARE
