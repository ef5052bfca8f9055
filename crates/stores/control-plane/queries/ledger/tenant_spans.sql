-- The rows that the done batches of some spans planned for each of some tenants, by the destinations of a batch, each
-- row once. `counted` is false if a batch does not record them.
WITH span AS (
    SELECT *
    FROM unnest($2::integer[], $3::integer[], $4::bigint[], $5::bigint[])
        WITH ORDINALITY AS span (kgen, partition, first, last, number)
),
planned AS (
    SELECT number, client_id, tenant_rows, (
            SELECT jsonb_agg(one -> 'destination')
            FROM jsonb_array_elements(destinations) AS one
            WHERE one -> 'routes' ? client_id
        ) AS destinations
    FROM span
    JOIN batch ON batch.kgen = span.kgen AND batch.partition = span.partition
        AND batch.first >= span.first AND batch.last <= span.last
    CROSS JOIN unnest($6::text[]) AS client_id
    WHERE consumer_group = $1 AND state = 'done'
)
SELECT number, client_id, destinations,
    coalesce(sum((tenant_rows ->> client_id)::bigint), 0)::bigint AS rows,
    bool_and(tenant_rows ? client_id) AS counted
FROM planned
WHERE destinations IS NOT NULL
GROUP BY number, client_id, destinations
ORDER BY number, client_id
