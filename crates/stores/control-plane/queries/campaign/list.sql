SELECT campaign_id, name, advertiser_id, first_seen
FROM campaign
WHERE client_id = $1
  AND ($2::text IS NULL OR advertiser_id = $2)
  AND ($3::text[] IS NULL OR campaign_id = ANY ($3))
  AND ($4::text IS NULL OR campaign_id > $4)
ORDER BY campaign_id
LIMIT $5
