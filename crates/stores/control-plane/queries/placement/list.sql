SELECT isolation, cluster, route_version
FROM placement
WHERE client_id = $1
ORDER BY route_version
