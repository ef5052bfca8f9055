SELECT client_id, erasure_id, asked_by, asked_at, seen_at, repeated_at, receipt, receipt_sha256,
    earlier_receipts, erased_at
FROM person_erasure
WHERE client_id = $1
ORDER BY erasure_id
