-- Rollups live in the same part as their rows, so they are exact whenever the rows are. All stand on
-- quarter hours of UTC: whole hours and days of every time zone are made of those.
ALTER TABLE events
    ADD PROJECTION IF NOT EXISTS campaign_quarters
    (
        SELECT
            client_id,
            campaign_id,
            toStartOfFifteenMinutes(event_time),
            event_type,
            currency,
            countIf(kline = 0),
            sum(quantity),
            sum(cost),
            sum(sales),
            max(event_time)
        GROUP BY client_id, campaign_id, toStartOfFifteenMinutes(event_time), event_type, currency
    ),
    ADD PROJECTION IF NOT EXISTS product_quarters
    (
        SELECT
            client_id,
            product_id,
            toStartOfFifteenMinutes(event_time),
            event_type,
            currency,
            count(),
            sum(quantity),
            sum(line_total)
        GROUP BY client_id, product_id, toStartOfFifteenMinutes(event_time), event_type, currency
    ),
    ADD PROJECTION IF NOT EXISTS source_quarters
    (
        SELECT
            client_id,
            toStartOfFifteenMinutes(event_time),
            referrer_host,
            device,
            country,
            event_type,
            currency,
            countIf(kline = 0),
            sum(quantity),
            sum(cost),
            sum(sales)
        GROUP BY
            client_id, toStartOfFifteenMinutes(event_time), referrer_host, device, country, event_type, currency
    )
