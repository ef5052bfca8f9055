-- By the current placement of each tenant.
SELECT cluster, count(*)
FROM (
    SELECT DISTINCT ON (client_id) cluster
    FROM placement
    ORDER BY client_id, route_version DESC
) AS current
GROUP BY cluster
