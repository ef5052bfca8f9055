-- Not once rows of the source are being removed.
UPDATE tenant_move SET way = 'back', back_reason = $2
WHERE move_id = $1 AND way = 'forward' AND ended_at IS NULL
  AND NOT EXISTS (SELECT FROM tenant_move_step AS step WHERE step.move_id = $1 AND step.step = 'clean')
