-- Of each row of the range one stays, the first by part and place. A part never changes under its
-- name: where one was merged away meanwhile, nothing is deleted, and the next look finds the copies
-- again. A mutation, not a lightweight delete: those are refused on tables with projections.
ALTER TABLE events DELETE
WHERE received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    AND koff >= {first:UInt64}
    AND koff <= {last:UInt64}
    AND kgen = {kgen:UInt16}
    AND kpart = {partition:UInt16}
    AND (_part, _part_offset) IN (
        SELECT _part, _part_offset
        FROM
        (
            SELECT
                _part,
                _part_offset,
                row_number() OVER (PARTITION BY koff, kline ORDER BY _part, _part_offset) AS copy
            FROM events
            WHERE received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
                AND received_at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
                AND koff >= {first:UInt64}
                AND koff <= {last:UInt64}
                AND kgen = {kgen:UInt16}
                AND kpart = {partition:UInt16}
        )
        WHERE copy > 1
    )
