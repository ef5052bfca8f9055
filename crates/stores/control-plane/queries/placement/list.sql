-- Each place once, also those where rows only went as well, with its last route version.
SELECT isolation, cluster, max(route_version)
FROM (
    SELECT isolation, cluster, route_version FROM placement WHERE client_id = $1
    UNION ALL
    SELECT mirror_isolation, mirror_cluster, route_version
    FROM placement
    WHERE client_id = $1 AND mirror_cluster IS NOT NULL
) AS place
GROUP BY isolation, cluster
ORDER BY max(route_version), isolation, cluster
