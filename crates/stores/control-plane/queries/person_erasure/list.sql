-- Latest first: ids ascend with time.
SELECT client_id, erasure_id, asked_by, asked_at, seen_at, repeated_at, receipt, receipt_sha256,
    earlier_receipts, erased_at
FROM person_erasure
WHERE client_id = $1 AND ($2::uuid IS NULL OR erasure_id < $2)
ORDER BY erasure_id DESC
LIMIT $3
