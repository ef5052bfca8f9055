SELECT invitation.expires_at, purpose = 'reset' AS is_reset, app_user.user_id, app_user.client_id,
    app_user.role, app_user.advertiser_id, app_user.password_hash, app_user.token_version
FROM invitation JOIN app_user USING (user_id)
WHERE token_hash = $1 AND password_hash IS NULL AND NOT disabled
