-- Only from one of the given states, of which null means any.
UPDATE tenant
SET state = $2, state_reason = $3,
    state_since = CASE WHEN state = $2 THEN state_since ELSE now() END
WHERE client_id = $1 AND ($4::text[] IS NULL OR state = ANY($4))
