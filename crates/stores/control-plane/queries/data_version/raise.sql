-- In the order of the tenants, so that two processes do not wait for each other.
INSERT INTO data_version (client_id, version)
SELECT client_id, 1 FROM tenant WHERE client_id = ANY ($1::text[]) ORDER BY client_id
ON CONFLICT (client_id) DO UPDATE SET version = data_version.version + 1
