INSERT INTO data_version (client_id, version)
SELECT client_id, 1 FROM tenant ORDER BY client_id
ON CONFLICT (client_id) DO UPDATE SET version = data_version.version + 1
