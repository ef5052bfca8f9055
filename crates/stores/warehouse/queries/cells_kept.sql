    UNION ALL
    -- The same of days whose rollups are kept.
    SELECT
        transform(
            roundDown(toUnixTimestamp(toStartOfFifteenMinutes(event_time)), {stretches:Array(UInt32)}),
            {stretches:Array(UInt32)},
            {starts:Array(UInt32)}
        ) AS bucket,
        {keys} AS keys,
        event_type,
        currency,
        sum(events),
        sum(units),
        sum(spent),
        sum(earned)
    FROM kept_rollups
    WHERE client_id = {client_id:String}
        AND rollup = {rollup:String}
        AND attempt IN (
            SELECT argMin(attempt, kept_at)
            FROM kept_days
            WHERE client_id = {client_id:String}
                AND received_on < toDate(toDateTime({kept_until:UInt32}, 'UTC'))
            GROUP BY received_on
        )
        AND toStartOfFifteenMinutes(event_time) >= toDateTime({from:UInt32}, 'UTC')
        AND toStartOfFifteenMinutes(event_time) < toDateTime({to:UInt32}, 'UTC')
        AND {condition}
    GROUP BY bucket, keys, event_type, currency
