-- The clock after the rows are visible: the transaction may have begun before.
UPDATE person_erasure SET seen_at = clock_timestamp() WHERE erased_at IS NULL AND seen_at IS NULL
