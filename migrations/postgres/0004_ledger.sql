-- What the processors have done. This is the truth; offsets committed to Kafka are hints.

-- A topic that is made anew starts at offset 0 again; the generation keeps old coordinates apart.
CREATE TABLE log_generation (
    kgen       integer PRIMARY KEY CHECK (kgen BETWEEN 1 AND 65535),
    topic      text NOT NULL,
    topic_id   text NOT NULL,
    partitions integer NOT NULL CHECK (partitions > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (topic, topic_id)
);

-- Who works on a partition for a consumer group, and how far the work is done.
CREATE TABLE lease (
    consumer_group text NOT NULL,
    kgen           integer NOT NULL REFERENCES log_generation,
    partition      integer NOT NULL CHECK (partition BETWEEN 0 AND 65535),
    -- Raised by every take: what an earlier owner writes later is refused.
    epoch          bigint NOT NULL CHECK (epoch > 0),
    owner          text NOT NULL,
    next_offset    bigint NOT NULL DEFAULT 0 CHECK (next_offset >= 0),
    -- Everything received before this moment has been dealt with. Null until something has.
    as_of          timestamptz,
    taken_at       timestamptz NOT NULL,
    PRIMARY KEY (consumer_group, kgen, partition)
);

-- A plan pins all that could differ on a second run, before anything is sent.
CREATE TABLE batch (
    consumer_group text NOT NULL,
    kgen           integer NOT NULL,
    partition      integer NOT NULL,
    first          bigint NOT NULL CHECK (first >= 0),
    last           bigint NOT NULL CHECK (last >= first),
    epoch          bigint NOT NULL,
    skip           jsonb NOT NULL,
    destinations   jsonb NOT NULL,
    state          text NOT NULL CHECK (state IN ('planned', 'done')),
    planned_at     timestamptz NOT NULL DEFAULT now(),
    done_at        timestamptz CHECK ((done_at IS NOT NULL) = (state = 'done')),
    PRIMARY KEY (consumer_group, kgen, partition, first),
    FOREIGN KEY (consumer_group, kgen, partition) REFERENCES lease
);
-- At most one is outstanding in a partition.
CREATE UNIQUE INDEX batch_planned ON batch (consumer_group, kgen, partition)
    WHERE state = 'planned';
CREATE INDEX batch_done ON batch (done_at) WHERE state = 'done';
