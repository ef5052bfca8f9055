# Versions, folders and ports. Sourced by stack.sh; this file starts nothing.
# shellcheck shell=bash disable=SC2034  # the variables are used by the files that source this one

# --- Versions: the only place that defines them -----------------------------------------------
KAFKA_VERSION=4.3.0
LOG4J_VERSION=2.25.4 # the log4j-core that this Kafka depends on
JAVA_MIN=17
POSTGRES_MIN=15
CLICKHOUSE_MIN=26
INFERNO_VERSION=0.12.8 # draws flame graphs: profiler.sh
CENTRIFUGO_VERSION=6.9.1 # a public hub: hub.sh
GO_MIN=1.26 # that this Centrifugo needs
KAFKA_EXPORTER_VERSION=1.0.1 # Kafka's metrics for Prometheus: observe.sh
NODE_MIN=20 # that Cube needs: cube.sh; tests/bench/cube has its version
PREVIOUS_COMMIT=87ceeab719 # what upgrades begin with while no release has a tag: previous.sh

# ClickHouse as a library that includes its servers; only used if no `clickhouse` is on the PATH.
CHDB_VERSION=26.7.3-stable.1
declare -A CHDB_INTEGRITY=(
  [linux-x64-gnu]=sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==
)

# --- Folders ----------------------------------------------------------------------------------
REPO=$(cd "$LOCAL/../.." && pwd)
STACK=${FOOTFALL_STACK_DIR:-$REPO/.footfall/stack}
CACHE=${FOOTFALL_CACHE_DIR:-$REPO/.footfall/cache}
[[ $STACK == /* ]] || STACK=$PWD/$STACK
[[ $CACHE == /* ]] || CACHE=$PWD/$CACHE

# --- Ports, all on 127.0.0.1 ------------------------------------------------------------------
HOST=127.0.0.1
# A stack records its ports, so only the first `up` needs FOOTFALL_STACK_PORT.
BASE=${FOOTFALL_STACK_PORT:-$(cat "$STACK/port" 2>/dev/null || echo 17000)}
KAFKA_PORT=$((BASE))
KAFKA_CONTROLLER_PORT=$((BASE + 1))
KAFKA_DETOUR_PORT=$((BASE + 2)) # the target of a proxy on KAFKA_PROXY_PORT
KAFKA_PROXY_PORT=$((BASE + 3))
KAFKA_METRICS_PORT=$((BASE + 4)) # only for make observe
declare -A CLICKHOUSE_HTTP_PORT=([clickhouse-shared]=$((BASE + 10)) [clickhouse-dedicated]=$((BASE + 20)))
declare -A CLICKHOUSE_TCP_PORT=([clickhouse-shared]=$((BASE + 11)) [clickhouse-dedicated]=$((BASE + 21)))
declare -A CLICKHOUSE_MEMORY=([clickhouse-shared]=3000000000 [clickhouse-dedicated]=2000000000)
REDIS_PORT=$((BASE + 30))
POSTGRES_PORT=$((BASE + 40))
# Only for make observe.
PROMETHEUS_PORT=$((BASE + 50))
ALERTMANAGER_PORT=$((BASE + 51))
REDIS_METRICS_PORT=$((BASE + 52))
POSTGRES_METRICS_PORT=$((BASE + 53))

# --- Servers ----------------------------------------------------------------------------------
SERVERS=(kafka clickhouse-shared clickhouse-dedicated redis postgres)
START_TIMEOUT=240 # seconds until a started server must answer; all five start at once, beside builds
STOP_TIMEOUT=20   # seconds until a stopping server is killed
DISK_FOR_INSTALL_MB=3000
DISK_FOR_UP_MB=500
