-- A mutation, because lightweight deletes are refused on tables with projections, and keep the rows in the files.
ALTER TABLE events DELETE
WHERE client_id = {client_id:String}
    AND koff >= {first:UInt64}
    AND koff <= {last:UInt64}
    AND (kgen, kpart, koff) IN (
        SELECT place.1, place.2, place.3
        FROM (
            SELECT arrayJoin(arrayZip(
                {kgens:Array(UInt16)}, {partitions:Array(UInt16)}, {offsets:Array(UInt64)}
            )) AS place
        )
    )
