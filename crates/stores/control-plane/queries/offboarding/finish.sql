UPDATE offboarding SET receipt = $2, receipt_sha256 = $3, erased_at = $4
WHERE client_id = $1 AND erased_at IS NULL
