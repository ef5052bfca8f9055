-- The lock keeps it so until the transaction ends.
SELECT drained_since IS NOT NULL FROM cluster WHERE name = $1 FOR SHARE
