SELECT move_id, client_id, from_isolation, from_cluster, from_version, to_isolation, to_cluster, way, back_reason,
    begun_by, begun_at, ended_at
FROM tenant_move
WHERE ended_at IS NULL
ORDER BY begun_at, move_id
