SELECT user_id, email, role, advertiser_id, disabled
FROM app_user
WHERE client_id = $1
ORDER BY email
