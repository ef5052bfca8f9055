DELETE FROM annotation WHERE client_id = $1 AND annotation_id = ANY($2::uuid[])
