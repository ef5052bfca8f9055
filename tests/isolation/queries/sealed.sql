-- Every secret that a key encryption key has sealed, with its place: a column, and the key of its row.
SELECT 'second_factor' AS place, user_id::text AS row_key, coalesce(client_id::text, '') AS tenant, secret_sealed AS sealed
FROM second_factor
UNION ALL
SELECT 'person_key' AS place, client_id::text AS row_key, client_id::text AS tenant, sealed AS sealed
FROM person_key
UNION ALL
SELECT 'data_key' AS place, coalesce(client_id::text, '-') AS row_key, coalesce(client_id::text, '') AS tenant, sealed AS sealed
FROM data_key
UNION ALL
SELECT 'cluster_writer' AS place, name::text AS row_key, '' AS tenant, writer_password_sealed AS sealed
FROM cluster
UNION ALL
SELECT 'cluster_reader' AS place, name::text AS row_key, '' AS tenant, reader_password_sealed AS sealed
FROM cluster
UNION ALL
SELECT 'signing_key' AS place, kid::text AS row_key, '' AS tenant, pkcs8_sealed AS sealed
FROM signing_key
ORDER BY place, row_key
