-- Under the tenant's lock, so that the count includes every other declaration.
INSERT INTO declared_dimension (client_id, name, pointer, kind)
SELECT $1, $2, $3, $4
WHERE (SELECT count(*) FROM declared_dimension WHERE client_id = $1 AND name <> $2) < $5
ON CONFLICT (client_id, name) DO UPDATE SET pointer = excluded.pointer, kind = excluded.kind
