-- Whatever its bounds: an insert of another cut may hold rows of the range, too. The parts of a
-- query id are those of an insert's token.
WITH
    splitByChar(':', query_id) AS parts,
    splitByChar('-', parts[4]) AS bounds
SELECT count() > 0
FROM system.processes
WHERE startsWith(query_id, {log:String})
    AND parts[5] = {destination:String}
    AND toUInt64OrZero(bounds[1]) <= {last:UInt64}
    AND toUInt64OrZero(bounds[2]) >= {first:UInt64}
