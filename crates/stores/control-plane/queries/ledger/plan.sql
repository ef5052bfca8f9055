-- The row lock makes a take wait until the plan is written, so that it finds the plan. A batch
-- begins where the last planned one ends, or at the lease's offset; at most two are outstanding.
WITH held AS (
    SELECT next_offset FROM lease
    WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND epoch = $4
    FOR UPDATE
),
outstanding AS (
    SELECT count(*) AS batches, max(last) + 1 AS next_offset FROM batch
    WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND state = 'planned'
),
-- The tenants whose route ($9) is not the current one. A change of a route locks the leases first, so this
-- statement begins before or after the change as a whole.
rerouted AS (
    SELECT FROM jsonb_each_text($9) AS planned (client_id, route_version)
    JOIN tenant_route USING (client_id)
    WHERE tenant_route.route_version <> planned.route_version::integer
)
INSERT INTO batch
    (consumer_group, kgen, partition, first, last, epoch, skip, destinations, state, tenant_rows)
SELECT $1, $2, $3, $5, $6, $4, $7, $8, 'planned', $10
FROM held, outstanding
WHERE outstanding.batches < 2 AND $5 = coalesce(outstanding.next_offset, held.next_offset)
  AND NOT EXISTS (SELECT FROM rerouted)
