ALTER TABLE kept_days DELETE
WHERE client_id = {client_id:String}
    AND received_on = toDate(toDateTime({from:UInt32}, 'UTC'))
