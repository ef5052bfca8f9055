SELECT counts FROM offboarding_step WHERE client_id = $1 AND step = $2
