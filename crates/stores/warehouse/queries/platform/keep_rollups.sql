-- Sums up a tenant's rows of one day as the projections of the events table do.
INSERT INTO kept_rollups
    (client_id, rollup, received_on, attempt, campaign_id, product_id, referrer_host, device, country, event_time,
     event_type, currency, events, units, spent, earned)
SELECT
    {client_id:String},
    rollup,
    toDate(toDateTime({from:UInt32}, 'UTC')),
    toUUID({attempt:String}),
    campaign,
    product_id,
    referrer_host,
    device,
    country,
    quarter,
    event_type,
    currency,
    events,
    units,
    spent,
    earned
FROM
(
    SELECT
        'campaign' AS rollup,
        toString(campaign_id) AS campaign,
        '' AS product_id,
        '' AS referrer_host,
        '' AS device,
        '' AS country,
        toStartOfFifteenMinutes(event_time) AS quarter,
        event_type,
        currency,
        countIf(kline = 0) AS events,
        sum(quantity) AS units,
        sum(cost) AS spent,
        sum(sales) AS earned
    FROM events
    WHERE client_id = {client_id:String}
        AND received_at >= toDateTime({from:UInt32}, 'UTC')
        AND received_at < toDateTime({to:UInt32}, 'UTC')
    GROUP BY campaign, quarter, event_type, currency
    UNION ALL
    SELECT
        'product',
        '',
        product_id,
        '',
        '',
        '',
        toStartOfFifteenMinutes(event_time) AS quarter,
        event_type,
        currency,
        count(),
        sum(quantity),
        toDecimal128(0, 6),
        sum(line_total)
    FROM events
    WHERE client_id = {client_id:String}
        AND received_at >= toDateTime({from:UInt32}, 'UTC')
        AND received_at < toDateTime({to:UInt32}, 'UTC')
    GROUP BY product_id, quarter, event_type, currency
    UNION ALL
    SELECT
        'source',
        '',
        '',
        toString(referrer_host) AS host,
        toString(device) AS kind_of_device,
        toString(country) AS land,
        toStartOfFifteenMinutes(event_time) AS quarter,
        event_type,
        currency,
        countIf(kline = 0),
        sum(quantity),
        sum(cost),
        sum(sales)
    FROM events
    WHERE client_id = {client_id:String}
        AND received_at >= toDateTime({from:UInt32}, 'UTC')
        AND received_at < toDateTime({to:UInt32}, 'UTC')
    GROUP BY host, kind_of_device, land, quarter, event_type, currency
)
