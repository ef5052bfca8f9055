SELECT client_id FROM offboarding WHERE erasing_since IS NOT NULL ORDER BY client_id
