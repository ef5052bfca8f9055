-- A day of events of many tenants, as shops send them, with all columns that the store sink writes. The
-- same seed makes the same events, but for the tenants' ids and the dates.
--
-- The events of the day have numbers. Those of a tenant follow each other, and 32 of them are 7 visits of 1
-- to 10 events. The number of a visit's first event decides its visitor, time and campaign, and whether it
-- buys. A visit that buys ends with the product, the cart, the checkout and the order.
INSERT INTO events
(
    client_id, event_type, campaign_id, event_time, event_id, kgen, kpart, koff, kline, received_at,
    collected_at, event_time_sent, visitor_id, session_id, customer_id, ad_id, creative_id, placement,
    page_type, keyword, product_id, brand, category, quantity, price, line_total, order_id, currency, cost,
    revenue, sales, url, referrer, user_agent, device, country, properties
)
WITH
    -- A number from 0 to 1, and one of `count` numbers by Zipf's law.
    (hash, purpose) -> bitShiftRight(cityHash64(hash, purpose), 32) / 4294967296 AS chance,
    (hash, purpose, count) -> toUInt32(pow(count + 1, chance(hash, purpose))) - 1 AS zipf
SELECT
    tenant AS client_id,
    type AS event_type,
    if(is_ad OR chance(visit, 'declares') < 0.33, concat('campaign-', toString(campaign)), '') AS campaign_id,
    fromUnixTimestamp64Milli(time, 'UTC') AS event_time,
    -- Version 7: milliseconds, then random bits.
    reinterpretAsUUID(
        toUInt128(bitShiftLeft(toUInt64(time), 16) + 0x7000 + event % 0x1000)
        + bitShiftLeft(toUInt128(bitOr(bitShiftRight(event, 2), 0x8000000000000000)), 64)
    ) AS event_id,
    1 AS kgen,
    event % 6 AS kpart,
    {first_offset:UInt64} + number AS koff,
    line AS kline,
    fromUnixTimestamp64Milli(logged, 'UTC') AS received_at,
    fromUnixTimestamp64Milli(logged - 200, 'UTC') AS collected_at,
    NULL AS event_time_sent,
    concat('v-', leftPad(lower(hex(visitor)), 8, '0')) AS visitor_id,
    concat('s-', lower(hex(visit))) AS session_id,
    if(visitor % 4 = 0, concat('c-', toString(visitor)), '') AS customer_id,
    if(is_ad, concat('ad-', toString(campaign), '-', toString(event % 6)), '') AS ad_id,
    if(is_ad, concat('cr-', toString(campaign), '-', toString(event % 3)), '') AS creative_id,
    if(
        is_ad,
        ['home-top', 'home-tile', 'list-top', 'list-inline', 'search-top', 'product-below', 'cart', 'app']
            [zipf(event, 'placement', 8) + 1],
        ''
    ) AS placement,
    multiIf(
        type = 'page_view', ['home', 'search', 'help'][event % 3 + 1],
        type IN ('product_view', 'add_to_cart'), 'product',
        type IN ('begin_checkout', 'purchase'), 'checkout',
        'list'
    ) AS page_type,
    if(page_type = 'search', concat('article ', toString(product % 500)), '') AS keyword,
    if(has_items, concat('sku-', leftPad(toString(product), 6, '0')), '') AS product_id,
    if(has_items, concat('brand-', toString(product % 120)), '') AS brand,
    if(has_items, concat('category-', toString(product % 40)), '') AS category,
    toDecimal64(if(has_items, 1 + line % 2, 0), 3) AS quantity,
    if(has_items, toDecimal64(500 + product % 95 * 100 + product % 100, 6) / 100, 0) AS price,
    price * (1 + line % 2) AS line_total,
    if(type = 'purchase', concat('o-', lower(hex(event))), '') AS order_id,
    multiIf(
        NOT has_items AND type != 'ad_impression', '',
        chance(visit, 'currency') < 0.03, 'CHF',
        'EUR'
    ) AS currency,
    multiIf(
        line > 0, 0,
        type = 'ad_impression', toDecimal64(10 + event % 6 * 7, 6) / 10000,
        type = 'ad_click', toDecimal64(12 + event % 6 * 5, 6) / 100,
        0
    ) AS cost,
    if(type = 'purchase' AND line = 0, toDecimal64(2000 + event % 18000, 6) / 100, 0) AS revenue,
    revenue AS sales,
    if(
        is_ad,
        concat('https://shop.example/list/', toString(product % 40), '?page=', toString(event % 6 + 1)),
        concat('https://shop.example/p/', toString(product), '-article-name?ref=nav')
    ) AS url,
    if(
        is_ad,
        '',
        concat(
            'https://',
            [
                'www.google.com', 'www.bing.com', 'm.facebook.com', 'www.instagram.com', 'www.idealo.de',
                'news.example', 'blog.example', 'mail.example', 't.co', 'duckduckgo.com'
            ][zipf(visit, 'referrer', 10) + 1],
            '/search?q=article+',
            toString(product % 500)
        )
    ) AS referrer,
    [
        'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1',
        'Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36',
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36',
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15'
    ][visitor % 4 + 1] AS user_agent,
    multiIf(
        chance(visitor, 'device') < 0.62, 'mobile',
        chance(visitor, 'device') < 0.95, 'desktop',
        'tablet'
    ) AS device,
    ['DE', 'AT', 'CH', 'FR', 'NL', 'PL', 'IT', 'ES', 'BE', 'CZ', 'DK', 'SE']
        [zipf(visitor, 'country', 12) + 1] AS country,
    if(is_ad, '{}', concat('{"ab_test":"', ['a', 'b'][product % 2 + 1], '","in_stock":true}')) AS properties
FROM
(
    SELECT
        *,
        startsWith(type, 'ad_') AS is_ad,
        type NOT IN ('ad_impression', 'ad_viewable', 'page_view') AS has_items,
        zipf(visit, 'campaign', {campaigns:UInt32}) AS campaign,
        -- What a visit buys is what it has looked at; an order has 1 to 3 items.
        zipf(if(is_decided, visit, event) + line, 'product', {products:UInt32}) AS product,
        -- One event in a hundred is sent up to six hours late.
        time + 300 + event % 1500 + if(event % 100 = 0, event % 21600000, 0) AS logged
    FROM
    (
        SELECT
            *,
            cityHash64({seed:UInt64}, {day:UInt32}, number) AS event,
            toUInt32({visitors:Array(UInt32)}[tenant_place] * pow(chance(visit, 'visitor'), 1.5)) AS visitor,
            {tenants:Array(String)}[tenant_place] AS tenant,
            -- Most of a day's visits are between 5 and 23 o'clock, and most of these in the afternoon.
            if(
                chance(visit, 'night') < 0.125,
                86400000 * chance(visit, 'hour'),
                18000000 + 32400000 * (chance(visit, 'hour') + chance(visit, 'second'))
            ) AS begins,
            {midnight:Int64} + toInt64(begins + place * (3000 + 57000 * chance(visit, 'pace'))) AS time,
            if(length < 5, 1, chance(visit, 'intent')) AS intent,
            (length - place <= 3) AND (intent < 0.5) AS is_decided,
            multiIf(
                length - place = 3 AND intent < 0.5, 'product_view',
                length - place = 2 AND intent < 0.3, 'add_to_cart',
                length - place = 1 AND intent < 0.12, 'begin_checkout',
                length = place AND intent < 0.08, 'purchase',
                transform(
                    roundDown(event % 100, [0, 60, 73, 83, 92, 96]),
                    [0, 60, 73, 83, 92, 96],
                    [
                        'ad_impression', 'ad_viewable', 'page_view', 'product_view', 'product_list_view',
                        'ad_click'
                    ],
                    ''
                )
            ) AS type,
            arrayJoin(range(multiIf(
                type IN ('begin_checkout', 'purchase'), 1 + visit % 3,
                type = 'product_list_view', 2 + event % 3,
                1
            ))) AS line
        FROM
        (
            SELECT
                number,
                roundDown(number, {firsts:Array(UInt64)}) AS first,
                indexOf({firsts:Array(UInt64)}, first) AS tenant_place,
                roundDown((number - first) % 32, [0, 1, 3, 6, 10, 15, 22]) AS visit_start,
                transform(visit_start, [0, 1, 3, 6, 10, 15, 22], [1, 2, 3, 4, 5, 7, 10], 1) AS length,
                (number - first) % 32 - visit_start + 1 AS place,
                cityHash64({seed:UInt64}, {day:UInt32}, number - place + 1) AS visit
            FROM numbers_mt({events:UInt64})
        )
    )
)
