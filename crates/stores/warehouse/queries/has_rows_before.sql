SELECT count() > 0
FROM
(
    SELECT received_at
    FROM events
    WHERE client_id = {client_id:String}
        AND received_at < toDateTime({until:UInt32}, 'UTC')
    LIMIT 1
)
