-- What a tenant may send, ask for and create over time, beside its events per second. What is absent has
-- its default. The previous build leaves the column out.
ALTER TABLE tenant ADD COLUMN quotas jsonb NOT NULL DEFAULT '{}';
