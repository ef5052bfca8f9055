INSERT INTO placement (client_id, route_version, isolation, cluster, mirror_isolation, mirror_cluster)
SELECT $1, max(route_version) + 1, $2, $3, $4, $5 FROM placement WHERE client_id = $1
