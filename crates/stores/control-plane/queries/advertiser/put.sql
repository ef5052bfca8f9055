INSERT INTO advertiser (client_id, advertiser_id, name) VALUES ($1, $2, $3)
ON CONFLICT (client_id, advertiser_id) DO UPDATE SET name = excluded.name
