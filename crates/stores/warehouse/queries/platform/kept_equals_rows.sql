-- Whether the sums of an attempt are those of a tenant's rows of one day, in each rollup.
SELECT
    stored.events = kept.campaign_events AND stored.events = kept.source_events
    AND stored.lines = kept.product_lines
    AND stored.units = kept.campaign_units AND stored.units = kept.source_units
    AND stored.units = kept.product_units
    AND stored.spent = kept.campaign_spent AND stored.spent = kept.source_spent
    AND stored.earned = kept.campaign_earned AND stored.earned = kept.source_earned
    AND stored.totals = kept.product_earned
FROM
(
    SELECT
        countIf(kline = 0) AS events,
        count() AS lines,
        sum(quantity) AS units,
        sum(cost) AS spent,
        sum(sales) AS earned,
        sum(line_total) AS totals
    FROM events
    WHERE client_id = {client_id:String}
        AND received_at >= toDateTime({from:UInt32}, 'UTC')
        AND received_at < toDateTime({to:UInt32}, 'UTC')
) AS stored
CROSS JOIN
(
    SELECT
        sumIf(events, rollup = 'campaign') AS campaign_events,
        sumIf(events, rollup = 'source') AS source_events,
        sumIf(events, rollup = 'product') AS product_lines,
        sumIf(units, rollup = 'campaign') AS campaign_units,
        sumIf(units, rollup = 'source') AS source_units,
        sumIf(units, rollup = 'product') AS product_units,
        sumIf(spent, rollup = 'campaign') AS campaign_spent,
        sumIf(spent, rollup = 'source') AS source_spent,
        sumIf(earned, rollup = 'campaign') AS campaign_earned,
        sumIf(earned, rollup = 'source') AS source_earned,
        sumIf(earned, rollup = 'product') AS product_earned
    FROM kept_rollups
    WHERE client_id = {client_id:String}
        AND received_on = toDate(toDateTime({from:UInt32}, 'UTC'))
        AND attempt = toUUID({attempt:String})
) AS kept
