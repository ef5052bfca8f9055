-- Rows without a link: written past the trigger, or their link was removed.
SELECT count(*)
FROM audit_log
WHERE NOT EXISTS (SELECT FROM audit_chain WHERE audit_chain.audit_id = audit_log.audit_id)
