-- As `advance`, and only if the records were written on the current routes of their tenants ($8, by tenant).
UPDATE lease SET next_offset = $6, as_of = greatest(as_of, $7)
WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND epoch = $4
  AND next_offset = $5 AND $6 >= next_offset
  AND NOT EXISTS (
      SELECT FROM jsonb_each_text($8) AS written (client_id, route_version)
      JOIN tenant_route USING (client_id)
      WHERE tenant_route.route_version <> written.route_version::integer
  )
RETURNING as_of
