-- Those whose erasure has begun come first.
SELECT client_id
FROM offboarding
WHERE erased_at IS NULL AND (erasing_since IS NOT NULL OR grace_ends_at <= now())
ORDER BY erasing_since NULLS LAST, grace_ends_at
