-- Under the tenant's lock, so that the counts include every other annotation.
INSERT INTO annotation (
    client_id, annotation_id, at, until, text, scope, campaign_id, created_by, created_at, updated_at
)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $9
WHERE (SELECT count(*) FROM annotation WHERE client_id = $1) < $10
  AND ($6 = 'tenant'
       OR (SELECT count(*) FROM annotation
           WHERE client_id = $1 AND created_by = $8 AND scope = 'personal') < $11)
RETURNING annotation_id, at, until, text, scope, campaign_id, created_by, created_at, updated_at
