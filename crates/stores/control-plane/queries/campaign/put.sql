INSERT INTO campaign (client_id, campaign_id, name, advertiser_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (client_id, campaign_id) DO UPDATE
    SET name = excluded.name,
        advertiser_id = coalesce(excluded.advertiser_id, campaign.advertiser_id)
