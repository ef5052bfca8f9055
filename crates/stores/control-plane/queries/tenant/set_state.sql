UPDATE tenant SET state = $2 WHERE client_id = $1
