-- Recorded only if the reconciliation completes: the whole of it is one transaction.
INSERT INTO audit_look (look, looked_at) VALUES ($1, now())
ON CONFLICT (look) DO UPDATE SET looked_at = excluded.looked_at
    WHERE audit_look.looked_at <= now() - $2 * interval '1 second'
RETURNING look
