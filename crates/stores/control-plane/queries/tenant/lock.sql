-- Until the end of the transaction, no other one of the tenant counts and adds rows. Foreign keys to
-- the tenant are not locked out.
SELECT client_id FROM tenant WHERE client_id = $1 FOR NO KEY UPDATE
