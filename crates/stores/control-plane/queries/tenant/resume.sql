-- A tenant that was suspended before its offboarding is suspended again.
UPDATE tenant
SET state = CASE WHEN suspended_for IS NULL THEN 'active' ELSE 'suspended' END,
    state_reason = suspended_for,
    state_since = now(),
    suspended_for = NULL
WHERE client_id = $1 AND state IN ('suspended', 'offboarding')
RETURNING state
