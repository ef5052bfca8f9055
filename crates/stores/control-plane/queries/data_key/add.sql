-- Who is no tenant gets none, and neither does a tenant that is erased. Another process may be faster.
INSERT INTO data_key (client_id, sealed)
SELECT nullif(fresh.owner, '-'), fresh.sealed
FROM unnest($1::text[], $2::bytea[]) AS fresh (owner, sealed)
WHERE fresh.owner = '-'
   OR EXISTS (SELECT FROM tenant WHERE tenant.client_id = fresh.owner AND tenant.state <> 'erasing')
ON CONFLICT DO NOTHING
