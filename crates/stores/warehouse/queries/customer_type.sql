-- Whether an order is the first of its customer, as an expression over the columns of an event. All orders that
-- are stored are looked at, whatever the statement around it counts, so that an order which arrives late changes
-- the type of later ones. Of several orders at one moment, the first is that with the least event id.
multiIf(
    event_type != 'purchase' OR (customer_id = '' AND visitor_id = ''),
    '',
    (customer_id, if(customer_id = '', visitor_id, ''), event_time, UUIDToNum(event_id)) IN
    (
        SELECT
            customer_id,
            visitor,
            tupleElement(earliest, 1),
            tupleElement(earliest, 2)
        FROM
        (
            SELECT
                customer_id,
                if(customer_id = '', visitor_id, '') AS visitor,
                min((event_time, UUIDToNum(event_id))) AS earliest
            FROM events
            WHERE client_id = {client_id:String}
                AND event_type = 'purchase'
                AND kline = 0
                AND (customer_id != '' OR visitor_id != '')
            GROUP BY customer_id, visitor
        )
    ),
    'new',
    'returning'
)
