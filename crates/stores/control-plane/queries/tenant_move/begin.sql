INSERT INTO tenant_move
    (move_id, client_id, from_isolation, from_cluster, from_version, to_isolation, to_cluster, begun_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
