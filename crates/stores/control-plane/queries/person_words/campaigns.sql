SELECT campaign_id, jsonb_build_array(campaign_id, name)
FROM campaign
WHERE client_id = $1 AND ($2::text IS NULL OR campaign_id > $2)
ORDER BY campaign_id
LIMIT $3
