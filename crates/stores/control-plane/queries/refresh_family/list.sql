-- Without a tenant, of any user. A session of which a token was used twice remains until
-- its tokens would have expired, so that its user and the owners notice.
SELECT family_id, created_at, last_used_at, tokens.expires_at, ends_at, address, user_agent,
    CASE WHEN end_reason = 'token_reused' THEN revoked_at END AS reused_at
FROM refresh_family
JOIN LATERAL (
    SELECT max(expires_at) AS expires_at
    FROM refresh_token
    WHERE refresh_token.family_id = refresh_family.family_id
) AS tokens ON tokens.expires_at > $3
WHERE user_id = $1
  AND ($2::text IS NULL OR client_id = $2)
  AND (revoked_at IS NULL AND ends_at > $3 OR end_reason = 'token_reused')
ORDER BY created_at DESC, family_id
