SELECT count()
FROM events
WHERE client_id = {client_id:String}
    AND {is_person}
