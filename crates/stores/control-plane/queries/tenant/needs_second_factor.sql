SELECT owners_need_second_factor FROM tenant WHERE client_id = $1
