INSERT INTO placement (client_id, route_version, isolation, cluster) VALUES ($1, 1, $2, $3)
