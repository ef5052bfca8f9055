-- Keeps one copy of each row of the range: the first by part and place in the part. Parts are
-- immutable: if a merge has replaced one meanwhile, its copies remain until the next round. A
-- mutation, because lightweight deletes are refused on tables with projections.
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
