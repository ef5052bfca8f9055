UPDATE refresh_token SET used_at = $2, successor_sealed = $3, successor_hash = $4 WHERE token_hash = $1
