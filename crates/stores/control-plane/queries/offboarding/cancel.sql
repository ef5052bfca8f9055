DELETE FROM offboarding WHERE client_id = $1 AND erasing_since IS NULL
