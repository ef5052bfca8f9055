SELECT client_id, reason, begun_by, begun_at, grace_ends_at, erasing_since, receipt, receipt_sha256, erased_at
FROM offboarding
WHERE client_id = $1
