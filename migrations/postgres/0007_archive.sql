-- What the archive holds, for good: batches of the ledger are forgotten after a while, these are not.

CREATE TABLE archived (
    kgen        integer NOT NULL REFERENCES log_generation,
    partition   integer NOT NULL CHECK (partition BETWEEN 0 AND 65535),
    -- Each object begins where the one before it ended, also across holes in the log.
    first       bigint NOT NULL CHECK (first >= 0),
    last        bigint NOT NULL CHECK (last >= first),
    -- Fewer than offsets where the log has holes.
    records     bigint NOT NULL CHECK (records BETWEEN 1 AND last - first + 1),
    bytes       bigint NOT NULL CHECK (bytes > 0),
    sha256      bytea NOT NULL CHECK (octet_length(sha256) = 32),
    -- The log's times of its records.
    logged_from timestamptz NOT NULL,
    logged_to   timestamptz NOT NULL CHECK (logged_to >= logged_from),
    archived_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kgen, partition, first)
);
CREATE INDEX archived_by_time ON archived (logged_to);
