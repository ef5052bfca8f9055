-- In the order of the ids, so that two writers cannot deadlock.
INSERT INTO campaign (client_id, campaign_id, name, first_seen)
SELECT DISTINCT $1, campaign_id, campaign_id, $3::timestamptz
FROM unnest($2::text[]) AS seen (campaign_id)
ORDER BY campaign_id
ON CONFLICT (client_id, campaign_id)
    DO UPDATE SET first_seen = excluded.first_seen WHERE campaign.first_seen IS NULL
