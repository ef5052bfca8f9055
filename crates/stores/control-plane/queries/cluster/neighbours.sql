-- The tenants on a cluster, except one, and their tiers there; also those on their way to it, or from it.
SELECT client_id, isolation
FROM (
    SELECT DISTINCT ON (client_id) client_id, isolation, cluster
    FROM placement
    ORDER BY client_id, route_version DESC
) AS current
WHERE cluster = $1 AND client_id <> $2
UNION
SELECT client_id, to_isolation
FROM tenant_move
WHERE to_cluster = $1 AND client_id <> $2 AND ended_at IS NULL
UNION
SELECT client_id, from_isolation
FROM tenant_move
WHERE from_cluster = $1 AND client_id <> $2 AND ended_at IS NULL
ORDER BY client_id
