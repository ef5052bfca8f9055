UPDATE lease SET next_offset = $6, as_of = greatest(as_of, $7)
WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND epoch = $4
  AND next_offset = $5 AND $6 >= next_offset
RETURNING as_of
