SELECT tenant.*, isolation, cluster, route_version, mirror_isolation, mirror_cluster
FROM tenant
JOIN LATERAL (
    SELECT isolation, cluster, route_version, mirror_isolation, mirror_cluster
    FROM placement
    WHERE placement.client_id = tenant.client_id
    ORDER BY route_version DESC
    LIMIT 1
) AS current ON true
ORDER BY tenant.client_id
