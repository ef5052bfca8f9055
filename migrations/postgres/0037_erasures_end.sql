-- Erasures of persons begin by one clock, and wait for no place that the tenant has left.

-- When a process first saw the erasure, by the clock of PostgreSQL: every list of erased persons that is read later
-- has it. It was asked for a moment earlier, by the clock of an api.
ALTER TABLE person_erasure ADD COLUMN seen_at timestamptz;

-- When a move found that no row of the tenant is left there. Nobody searches it any more: its server may be switched
-- off.
ALTER TABLE placement ADD COLUMN emptied_at timestamptz, ADD COLUMN mirror_emptied_at timestamptz;
SELECT set_config('footfall.platform', 'on', true);
WITH emptied AS (
    SELECT client_id, finished_at,
        CASE step WHEN 'clean' THEN from_isolation ELSE to_isolation END AS isolation,
        CASE step WHEN 'clean' THEN from_cluster ELSE to_cluster END AS cluster
    FROM tenant_move
    JOIN tenant_move_step USING (move_id)
    WHERE step IN ('clean', 'remove') AND finished_at IS NOT NULL
)
UPDATE placement SET
    emptied_at = (
        SELECT max(finished_at)
        FROM emptied
        WHERE emptied.client_id = placement.client_id AND finished_at > placement.since
          AND emptied.isolation = placement.isolation AND emptied.cluster = placement.cluster
    ),
    mirror_emptied_at = (
        SELECT max(finished_at)
        FROM emptied
        WHERE emptied.client_id = placement.client_id AND finished_at > placement.since
          AND emptied.isolation = placement.mirror_isolation AND emptied.cluster = placement.mirror_cluster
    )
WHERE client_id IN (SELECT client_id FROM emptied);
