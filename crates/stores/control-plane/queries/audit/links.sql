-- The next links of the chain, with their rows; a row that was removed is null.
SELECT chain.number, chain.hash, chain.audit_id,
    (extract(epoch FROM entry.at) * 1000000)::bigint AS at_micros,
    entry.actor, entry.action, entry.client_id::text AS client_id, entry.subject,
    entry.detail::text AS detail, entry.address, entry.request_id
FROM audit_chain AS chain
LEFT JOIN audit_log AS entry USING (audit_id)
WHERE chain.number > $1
ORDER BY chain.number
LIMIT $2
