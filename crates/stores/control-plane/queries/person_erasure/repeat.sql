-- Everything that is finished begins again, with the hash of its receipt kept.
WITH repeated AS (
    UPDATE person_erasure
    SET repeated_at = greatest(now(), asked_at), erased_at = NULL, receipt = NULL, receipt_sha256 = NULL,
        earlier_receipts = earlier_receipts || receipt_sha256
    WHERE client_id = $1 AND erased_at IS NOT NULL
    RETURNING client_id, erasure_id
), removed AS (
    DELETE FROM person_erasure_step AS step
    USING repeated
    WHERE step.client_id = repeated.client_id AND step.erasure_id = repeated.erasure_id
)
SELECT erasure_id FROM repeated ORDER BY erasure_id
