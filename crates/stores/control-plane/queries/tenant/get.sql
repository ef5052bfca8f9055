SELECT tenant.*, isolation, cluster, route_version, mirror_isolation, mirror_cluster
FROM tenant
JOIN placement USING (client_id)
WHERE client_id = $1
ORDER BY route_version DESC
LIMIT 1
