SELECT move_id, client_id, from_isolation, from_cluster, from_version, to_isolation, to_cluster, way, back_reason,
    begun_by, begun_at, ended_at
FROM tenant_move
WHERE client_id = $1
ORDER BY begun_at DESC, move_id DESC
LIMIT 1
