SELECT user_id, email, role, advertiser_id, disabled, expires_at AS invitation_expires_at
FROM app_user LEFT JOIN invitation USING (user_id)
WHERE app_user.client_id = $1 AND user_id = $2
