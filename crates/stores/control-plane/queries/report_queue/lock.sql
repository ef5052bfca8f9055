-- Until the end of the transaction, no other process counts and claims.
SELECT pg_advisory_xact_lock($1)
