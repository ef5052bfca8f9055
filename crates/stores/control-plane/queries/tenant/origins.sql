SELECT DISTINCT unnest(origins) FROM tenant
