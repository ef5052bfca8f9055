WITH expired AS (DELETE FROM parked_hour WHERE hour <= $1 RETURNING events)
SELECT coalesce(sum(events), 0)::bigint FROM expired
