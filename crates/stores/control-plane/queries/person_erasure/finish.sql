UPDATE person_erasure SET receipt = $3, receipt_sha256 = $4, erased_at = $5
WHERE client_id = $1 AND erasure_id = $2 AND erased_at IS NULL
