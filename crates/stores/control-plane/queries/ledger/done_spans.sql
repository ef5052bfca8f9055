-- Every slice of offsets in which a batch was done in that time, with all its done batches.
-- The batches of a partition have no gaps between them, so a span only grows at its end.
WITH slice AS (
    SELECT DISTINCT kgen, partition, first / $5 AS number
    FROM batch JOIN log_generation USING (kgen)
    WHERE consumer_group = $1 AND topic = $2 AND state = 'done' AND done_at >= $3 AND done_at < $4
),
done AS (
    SELECT kgen, partition, number, first, last, planned_at, destinations
    FROM batch JOIN slice USING (kgen, partition)
    WHERE consumer_group = $1 AND state = 'done'
      AND first >= number * $5 AND first < (number + 1) * $5
),
span AS (
    SELECT kgen, partition, number, min(first) AS first, max(last) AS last,
        min(planned_at) AS planned_from, max(planned_at) AS planned_to
    FROM done
    GROUP BY kgen, partition, number
),
planned AS (
    SELECT kgen, partition, number, one -> 'destination' AS destination,
        sum((one ->> 'rows')::bigint)::bigint AS rows
    FROM done CROSS JOIN jsonb_array_elements(destinations) AS one
    GROUP BY kgen, partition, number, destination
)
SELECT kgen, partition, first, last, planned_from, planned_to,
    coalesce(
        jsonb_agg(jsonb_build_array(destination, rows)) FILTER (WHERE destination IS NOT NULL),
        '[]'
    )
FROM span LEFT JOIN planned USING (kgen, partition, number)
GROUP BY kgen, partition, first, last, planned_from, planned_to
ORDER BY kgen, partition, first
