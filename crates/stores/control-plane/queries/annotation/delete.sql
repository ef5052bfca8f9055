DELETE FROM annotation
WHERE client_id = $1 AND annotation_id = $2
RETURNING annotation_id, at, until, text, scope, campaign_id, created_by, created_at, updated_at
