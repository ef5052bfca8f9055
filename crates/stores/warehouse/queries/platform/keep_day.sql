INSERT INTO kept_days (client_id, received_on, attempt)
SELECT {client_id:String}, toDate(toDateTime({from:UInt32}, 'UTC')), toUUID({attempt:String})
