UPDATE offboarding_step SET counts = $3 WHERE client_id = $1 AND step = $2
