SELECT advertiser_id, name FROM advertiser WHERE client_id = $1 ORDER BY advertiser_id
