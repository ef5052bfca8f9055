-- How long rollups are kept, longer than their rows: 25 months by default. The previous build leaves it out.
-- Of what the log received before `rows_from`, rows are deleted for good, and before `rollups_from` the rollups, too;
-- without a value nothing is.
ALTER TABLE tenant
    ADD COLUMN rollup_retention_days bigint NOT NULL DEFAULT 761 CHECK (rollup_retention_days > 0),
    ADD COLUMN rows_from timestamptz,
    ADD COLUMN rollups_from timestamptz;

-- What has expired until now has no rollups, nor has the day that a process of the previous build may still
-- delete. Days have 24 hours here, whatever zone the session has.
SELECT set_config('footfall.platform', 'on', true);
UPDATE tenant
SET rows_from = date_trunc('day', now(), 'UTC') - make_interval(hours => 24 * retention_days::integer),
    rollups_from = date_trunc('day', now(), 'UTC') - make_interval(hours => 24 * (retention_days::integer - 1))
WHERE created_at < date_trunc('day', now(), 'UTC') - make_interval(hours => 24 * retention_days::integer);
