-- Those of a tenant that is erased as a whole end with it.
SELECT erasure.client_id, erasure_id, asked_by, asked_at, seen_at, repeated_at, receipt, receipt_sha256,
    earlier_receipts, erased_at
FROM person_erasure AS erasure
JOIN tenant ON tenant.client_id = erasure.client_id
WHERE erased_at IS NULL AND tenant.state <> 'erasing'
  AND seen_at <= clock_timestamp() - $2 * interval '1 second'
ORDER BY asked_at, erasure_id
LIMIT $1
