-- Until the transaction ends, nobody else places a tenant on the cluster, drains it or resumes it. Foreign keys to the
-- cluster are not locked out.
SELECT drained_since IS NOT NULL FROM cluster WHERE name = $1 FOR NO KEY UPDATE
