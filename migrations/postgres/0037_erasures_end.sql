-- Erasures of persons begin by one clock, wait for no place that the tenant has left, and no list of them is read twice.

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

-- Each process keeps the list of erased persons, and reads of each tenant what came after the last erasure that it
-- knows. A number is given while the key's row is locked, so the numbers of a tenant become visible in their order.
-- A trigger gives them, because the previous build adds erasures, too, while processes are updated.
ALTER TABLE person_key ADD COLUMN erasures bigint NOT NULL DEFAULT 0;
ALTER TABLE person_erasure ADD COLUMN number bigint;
UPDATE person_erasure AS erasure SET number = counted.number
FROM (
    SELECT client_id, erasure_id, row_number() OVER (PARTITION BY client_id ORDER BY asked_at, erasure_id) AS number
    FROM person_erasure
) AS counted
WHERE counted.client_id = erasure.client_id AND counted.erasure_id = erasure.erasure_id;
UPDATE person_key SET erasures = (
    SELECT count(*) FROM person_erasure WHERE person_erasure.client_id = person_key.client_id
);
ALTER TABLE person_erasure ALTER COLUMN number SET NOT NULL;
CREATE UNIQUE INDEX person_erasure_by_number ON person_erasure (client_id, number);

CREATE FUNCTION number_person_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE person_key SET erasures = erasures + 1 WHERE client_id = NEW.client_id RETURNING erasures INTO NEW.number;
    RETURN NEW;
END $$;
CREATE TRIGGER number_person_erasure BEFORE INSERT ON person_erasure
    FOR EACH ROW EXECUTE FUNCTION number_person_erasure();
