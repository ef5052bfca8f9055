WITH annotations AS (
    DELETE FROM annotation WHERE client_id = $1 AND campaign_id = ANY($2)
)
DELETE FROM campaign WHERE client_id = $1 AND campaign_id = ANY($2)
