UPDATE campaign
SET name = coalesce($3, name),
    advertiser_id = CASE WHEN $4 THEN $5 ELSE advertiser_id END
WHERE client_id = $1 AND campaign_id = $2
RETURNING campaign_id, name, advertiser_id, first_seen
