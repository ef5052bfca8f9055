-- The end of the last day of which the tenant's rollups are kept; no row if there is none.
SELECT toUnixTimestamp(toDateTime(max(received_on) + 1, 'UTC')) AS until
FROM kept_days
WHERE client_id = {client_id:String}
HAVING count() > 0
