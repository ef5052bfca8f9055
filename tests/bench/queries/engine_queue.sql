-- Reads the topic with ClickHouse's Kafka engine. @…@ are replaced.
CREATE TABLE bench_engine.queue
(
    event_id        UUID,
    type            LowCardinality(String),
    event_time      DateTime64(3, 'UTC'),
    event_time_sent Nullable(DateTime64(3, 'UTC')),
    received_at     DateTime64(3, 'UTC'),
    visitor_id      String,
    session_id      String,
    customer_id     String,
    campaign_id     LowCardinality(String),
    ad_id           LowCardinality(String),
    creative_id     LowCardinality(String),
    placement       LowCardinality(String),
    page_type       LowCardinality(String),
    keyword         String,
    cost            Decimal(18, 6),
    items           Array(Tuple(
        product_id String, brand String, category String, quantity Decimal(18, 3), price Decimal(18, 6))),
    order_id        String,
    revenue         Decimal(18, 6),
    currency        LowCardinality(String),
    url             String,
    referrer        String,
    user_agent      String,
    device          LowCardinality(String),
    country         LowCardinality(String),
    properties      String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '@BROKERS@',
    kafka_topic_list = '@TOPIC@',
    kafka_group_name = '@GROUP@',
    kafka_format = 'JSONEachRow',
    kafka_num_consumers = @CONSUMERS@,
    kafka_thread_per_consumer = 1,
    kafka_max_block_size = 100000,
    kafka_poll_max_batch_size = 100000,
    kafka_flush_interval_ms = 500,
    date_time_input_format = 'best_effort',
    input_format_skip_unknown_fields = 1,
    input_format_null_as_default = 1
