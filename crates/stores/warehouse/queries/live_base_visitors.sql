-- The visitors of each campaign and hour, of the same rows as live_base_sums. One slice of the
-- visitors, because all of them may be too many for one answer.
SELECT DISTINCT
    campaign_id,
    toUnixTimestamp(toStartOfHour(event_time)) AS hour,
    visitor_id
FROM events
WHERE client_id = {client_id:String}
    AND campaign_id != ''
    AND visitor_id != ''
    AND received_at >= toDateTime({from:UInt32}, 'UTC') - INTERVAL 1 HOUR
    AND event_time >= toDateTime({from:UInt32}, 'UTC')
    AND event_time < toDateTime({to:UInt32}, 'UTC')
    AND (kgen < {kgen:UInt16} OR (kgen = {kgen:UInt16} AND koff < {starts:Array(UInt64)}[kpart + 1]))
    AND cityHash64(visitor_id) % {slices:UInt32} = {slice:UInt32}
