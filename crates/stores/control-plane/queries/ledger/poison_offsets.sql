SELECT (poison ->> 'offset')::bigint
FROM batch, jsonb_array_elements(skip -> 'poison') AS poison
WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND last >= $4
ORDER BY 1
