-- $4 is the one to end, or null for all; $5 is the one to keep.
UPDATE refresh_family SET revoked_at = $3, end_reason = 'ended'
WHERE user_id = $1
  AND ($2::text IS NULL OR client_id = $2)
  AND ($4::uuid IS NULL OR family_id = $4)
  AND ($5::uuid IS NULL OR family_id <> $5)
  AND revoked_at IS NULL
