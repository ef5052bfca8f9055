ALTER TABLE rejected_events DELETE
WHERE client_id = {client_id:String}
    AND reject_id IN {ids:Array(UUID)}
