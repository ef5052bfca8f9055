-- Each place once, also those where rows only went as well, with its last route version. Not those that a move has
-- emptied since.
SELECT isolation, cluster, max(route_version)
FROM (
    SELECT isolation, cluster, route_version FROM placement WHERE client_id = $1 AND emptied_at IS NULL
    UNION ALL
    SELECT mirror_isolation, mirror_cluster, route_version
    FROM placement
    WHERE client_id = $1 AND mirror_cluster IS NOT NULL AND mirror_emptied_at IS NULL
) AS place
GROUP BY isolation, cluster
ORDER BY max(route_version), isolation, cluster
