UPDATE annotation
SET at = coalesce($3, at),
    until = CASE WHEN $4 THEN $5 ELSE until END,
    text = coalesce($6, text),
    campaign_id = CASE WHEN $7 THEN $8 ELSE campaign_id END,
    updated_at = $9
WHERE client_id = $1 AND annotation_id = $2
RETURNING annotation_id, at, until, text, scope, campaign_id, created_by, created_at, updated_at
