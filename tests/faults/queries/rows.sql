-- Every event of a tenant with its rows summed up, for comparison with the sent events.
SELECT
    event_id,
    campaign_id,
    toUnixTimestamp(toStartOfFifteenMinutes(event_time)) AS quarter,
    event_type,
    count() AS rows,
    countIf(kline = 0) AS events,
    uniqExact(kgen, kpart, koff, kline) AS places,
    sum(quantity) AS units
FROM {database:Identifier}.events
WHERE client_id = {client_id:String}
GROUP BY event_id, campaign_id, quarter, event_type
FORMAT TabSeparated
