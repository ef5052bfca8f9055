// The questions of the bench over the table `events`. Each cube reads what answers its question fastest: the
// rows, or a projection, for which the inner query groups as the projection does.

cube('counted', {
  sql: `SELECT '' AS client_id, '' AS event_type, '' AS currency, now() AS quarter, 0 AS events, 0 AS spent, 0 AS earned`,

  // A result is asked for again after a day: the bench asks about time that is over.
  refreshKey: { every: '1 day' },

  measures: {
    impressions: { type: 'number', sql: `sumIf(events, event_type = 'ad_impression')` },
    clicks: { type: 'number', sql: `sumIf(events, event_type = 'ad_click')` },
    ctr: { type: 'number', sql: `${clicks} / nullIf(${impressions}, 0)` },
    // In the currency of the tenant, which is that of events without one.
    spend: { type: 'number', sql: `sumIf(spent, currency IN ('', 'EUR'))` },
    sales: { type: 'number', sql: `sumIf(earned, event_type = 'purchase' AND currency IN ('', 'EUR'))` },
    roas: { type: 'number', sql: `toFloat64(${sales}) / toFloat64(nullIf(${spend}, 0))` },
  },

  dimensions: {
    tenant: { type: 'string', sql: `client_id` },
    time: { type: 'time', sql: `quarter` },
  },
});

// The rows.
cube('placements', {
  extends: counted,
  sql: `
    SELECT
      client_id, campaign_id, placement, event_type, currency,
      toStartOfFifteenMinutes(event_time) AS quarter,
      kline = 0 AS events, cost AS spent, sales AS earned
    FROM events
    WHERE ${FILTER_PARAMS.placements.tenant.filter('client_id')}
      AND ${FILTER_PARAMS.placements.time.filter('toStartOfFifteenMinutes(event_time)')}`,
  dimensions: {
    campaign: { type: 'string', sql: `campaign_id` },
    placement: { type: 'string', sql: `placement` },
  },
});

// The projection `campaign_quarters`.
cube('campaigns', {
  extends: counted,
  sql: `
    SELECT
      client_id, campaign_id, event_type, currency,
      toStartOfFifteenMinutes(event_time) AS quarter,
      countIf(kline = 0) AS events, sum(cost) AS spent, sum(sales) AS earned
    FROM events
    WHERE ${FILTER_PARAMS.campaigns.tenant.filter('client_id')}
      AND ${FILTER_PARAMS.campaigns.campaign.filter('campaign_id')}
      AND ${FILTER_PARAMS.campaigns.time.filter('toStartOfFifteenMinutes(event_time)')}
    GROUP BY client_id, campaign_id, event_type, currency, quarter`,
  dimensions: {
    campaign: { type: 'string', sql: `campaign_id` },
  },
});

// The projection `source_quarters`.
cube('sources', {
  extends: counted,
  sql: `
    SELECT
      client_id, device, country, event_type, currency,
      toStartOfFifteenMinutes(event_time) AS quarter,
      countIf(kline = 0) AS events, sum(cost) AS spent, sum(sales) AS earned
    FROM events
    WHERE ${FILTER_PARAMS.sources.tenant.filter('client_id')}
      AND ${FILTER_PARAMS.sources.time.filter('toStartOfFifteenMinutes(event_time)')}
    GROUP BY client_id, device, country, event_type, currency, quarter`,
  dimensions: {
    device: { type: 'string', sql: `device` },
    country: { type: 'string', sql: `country` },
  },
});
