UPDATE refresh_family SET last_used_at = $2 WHERE family_id = $1
