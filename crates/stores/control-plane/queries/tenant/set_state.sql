-- Only from one of the given states.
UPDATE tenant
SET state = $2, state_reason = $3,
    state_since = CASE WHEN state = $2 THEN state_since ELSE now() END,
    suspended_for = CASE
        WHEN $2 = 'offboarding' AND state = 'suspended' THEN coalesce(state_reason, 'An admin has suspended it')
    END
WHERE client_id = $1 AND state = ANY($4)
