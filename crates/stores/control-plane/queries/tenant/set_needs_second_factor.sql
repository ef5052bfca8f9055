UPDATE tenant SET owners_need_second_factor = $2 WHERE client_id = $1
