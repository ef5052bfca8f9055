-- Places, not ids: they become part of the deletion, which the server keeps in a file beside the table.
SELECT DISTINCT kgen, kpart, koff
FROM events
WHERE client_id = {client_id:String}
    AND {is_person}
LIMIT {limit:UInt32}
