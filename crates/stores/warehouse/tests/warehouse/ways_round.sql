-- Ways round the row policy of the reader account, one statement a paragraph. Each finds rows of a tenant where there
-- is no wall: as the writer, it answers with a value other than 0, or with the error of throwIf.

SELECT count() FROM {db}.events

SELECT count() FROM {db}.rejected_events

SELECT count() FROM {db}.rejected_events FINAL

SELECT count() FROM {db}.kept_rollups

SELECT count() FROM {db}.kept_days

SELECT count() FROM {db}.events WHERE client_id = '{theirs}'

SELECT count() FROM {db}.events PREWHERE client_id = '{theirs}'

SELECT count() FROM {db}.events WHERE client_id = '{theirs}' OR 1

SELECT client_id FROM {db}.events LIMIT 1

SELECT DISTINCT client_id FROM {db}.events WHERE client_id = '{theirs}'

SELECT client_id FROM {db}.events WHERE client_id = '{theirs}' ORDER BY client_id, event_type LIMIT 1

SELECT client_id FROM {db}.events LIMIT 1 BY client_id

SELECT any(client_id) FROM {db}.events HAVING count() > 0

SELECT maxOrNull(event_time) FROM {db}.events

SELECT count() FROM {db}.events WHERE toDate(received_at) > '2000-01-01'

SELECT _part FROM {db}.events LIMIT 1

SELECT count() FROM {db}.events AS a INNER JOIN {db}.events AS b ON a.event_id = b.event_id

SELECT count() FROM (SELECT 'x' AS x) AS a CROSS JOIN {db}.events AS b

SELECT count() FROM system.one WHERE '{theirs}' IN (SELECT client_id FROM {db}.events)

SELECT (SELECT count() FROM {db}.events)

SELECT EXISTS (SELECT 1 FROM {db}.events)

WITH found AS (SELECT * FROM {db}.events) SELECT count() FROM found

SELECT sum(found) FROM (SELECT count() AS found FROM {db}.events UNION ALL SELECT count() FROM {db}.kept_days)

SELECT count() OVER () FROM {db}.events LIMIT 1

SELECT arrayJoin([client_id, client_id]) FROM {db}.events LIMIT 1

SELECT throwIf(client_id = '{theirs}') FROM {db}.events

SELECT count() FROM {db}.events WHERE throwIf(client_id = '{theirs}') = 0

SELECT count() FROM {db}.events PREWHERE throwIf(client_id = '{theirs}') = 0

SELECT countIf(kline = 0) FROM {db}.events GROUP BY client_id, campaign_id, toStartOfFifteenMinutes(event_time), event_type, currency LIMIT 1

SELECT count() FROM {db}.events GROUP BY client_id, product_id, toStartOfFifteenMinutes(event_time), event_type, currency LIMIT 1

SELECT count() FROM {db}.events SETTINGS optimize_trivial_count_query = 1, optimize_use_implicit_projections = 1

SELECT count() FROM {db}.events SETTINGS optimize_use_projections = 0

SELECT count() FROM {db}.events SETTINGS optimize_move_to_prewhere = 0

SELECT count() FROM {db}.events SETTINGS enable_analyzer = 0

SELECT client_id FROM {db}.events LIMIT 1 SETTINGS enable_analyzer = 0

SELECT count() FROM {db}.events SETTINGS use_query_cache = 1

SELECT count() FROM {db}.events WHERE client_id = '{theirs}' SETTINGS use_query_condition_cache = 1

SELECT count() FROM merge('{db}', '^events$')

SELECT client_id FROM merge('{db}', '^events$') LIMIT 1

SELECT count() FROM view(SELECT client_id FROM {db}.events)

SELECT client_id FROM mergeTreeProjection({db}, events, campaign_quarters) LIMIT 1

SELECT client_id FROM mergeTreeProjection({db}, events, product_quarters) LIMIT 1

SELECT client_id FROM mergeTreeProjection({db}, events, source_quarters) LIMIT 1

SELECT client_id FROM mergeTreeProjection({db}, events, campaign_quarters) LIMIT 1 SETTINGS enable_analyzer = 0

SELECT client_id FROM mergeTreeIndex({db}, events) LIMIT 1

SELECT client_id FROM mergeTreeIndex({db}, events) LIMIT 1 SETTINGS enable_analyzer = 0

SELECT client_id FROM mergeTreeIndex({db}, kept_rollups) LIMIT 1

SELECT count() FROM {db}.schema_migration
