-- Without a role, role and advertiser remain.
UPDATE app_user
SET role = coalesce($3, role),
    advertiser_id = CASE WHEN $3::text IS NULL THEN advertiser_id ELSE $4 END,
    disabled = coalesce($5, disabled)
WHERE client_id = $1 AND user_id = $2
