-- A mutation, because lightweight deletes are refused on tables with projections.
ALTER TABLE events DELETE
WHERE client_id = {client_id:String}
    AND received_at < fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
