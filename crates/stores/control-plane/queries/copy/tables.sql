-- The tables that are copied, each after those that it refers to. Sessions are not: those that were ended since
-- would go on after a restore.
WITH RECURSIVE own AS (
    SELECT oid, relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
      AND relname NOT IN ('_sqlx_migrations', 'refresh_family', 'refresh_token')
), reference AS (
    SELECT conrelid AS child, confrelid AS parent FROM pg_constraint
    WHERE contype = 'f' AND conrelid <> confrelid
), level (oid, depth) AS (
    SELECT oid, 0 FROM own
    UNION
    SELECT child, depth + 1 FROM level JOIN reference ON parent = level.oid
    WHERE depth < 50
)
SELECT own.relname::text AS name, (
    SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = own.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
) AS columns
FROM own JOIN level ON level.oid = own.oid
GROUP BY own.oid, own.relname
ORDER BY max(level.depth), own.relname
