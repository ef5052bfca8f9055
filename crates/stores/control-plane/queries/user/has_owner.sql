SELECT EXISTS (
    SELECT FROM app_user
    WHERE client_id = $1 AND role = 'owner' AND NOT disabled AND password_hash IS NOT NULL
)
