-- Compares bounds, not names: an insert with other bounds may contain rows of the range, too. The
-- query id of an insert is its token.
WITH
    splitByChar(':', query_id) AS parts,
    splitByChar('-', parts[4]) AS bounds
SELECT count() > 0
FROM system.processes
WHERE startsWith(query_id, {log:String})
    AND parts[5] = {destination:String}
    AND toUInt64OrZero(bounds[1]) <= {last:UInt64}
    AND toUInt64OrZero(bounds[2]) >= {first:UInt64}
