# Prometheus, Alertmanager and the exporters of the stores, beside the demo: `make observe`. Sourced by demo.sh.
# shellcheck shell=bash disable=SC2153  # the variables are those of settings.sh and demo.sh

OBSERVABILITY=$REPO/infra/observability

observing() { [[ ${FOOTFALL_OBSERVE:-} == 1 ]]; }

# Installs, and makes Kafka start with its exporter.
observe_prepare() {
  local port name status
  for name in PROMETHEUS ALERTMANAGER REDIS_METRICS POSTGRES_METRICS; do
    port=${name}_PORT
    if (exec 3<>"/dev/tcp/$HOST/${!port}") 2>/dev/null; then
      die "Something already listens on $HOST:${!port}. Stop it, or choose other ports: FOOTFALL_STACK_PORT=<base> make observe"
    fi
  done
  "$LOCAL/stack.sh" install observe
  mkdir -p "$STACK"
  status=$("$LOCAL/stack.sh" status 2>/dev/null || true)
  if [[ ! -e $STACK/observed && $status =~ kafka[^$'\n']*process ]]; then
    die "Kafka runs without its exporter: run make down, then make observe again."
  fi
  touch "$STACK/observed"
}

# Without make observe, the next start of Kafka has no exporter.
observe_forget() { rm -f "$STACK/observed"; }

observe_configuration() {
  local cluster url user password
  cat <<YAML
global: {scrape_interval: 5s, evaluation_interval: 5s}
rule_files: ["$OBSERVABILITY/rules/*.yaml"]
alerting: {alertmanagers: [{static_configs: [{targets: ["$HOST:$ALERTMANAGER_PORT"]}]}]}
scrape_configs:
  - {job_name: footfall, static_configs: [{targets: ["$METRICS_BIND"]}]}
  - {job_name: kafka, static_configs: [{targets: ["$HOST:$KAFKA_METRICS_PORT"]}]}
  - {job_name: redis, static_configs: [{targets: ["$HOST:$REDIS_METRICS_PORT"]}]}
  - {job_name: postgres, static_configs: [{targets: ["$HOST:$POSTGRES_METRICS_PORT"]}]}
YAML
  for cluster in SHARED DEDICATED; do
    url=FOOTFALL__CLUSTERS__${cluster}__URL
    user=FOOTFALL__CLUSTERS__${cluster}__WRITER_USER
    password=FOOTFALL__CLUSTERS__${cluster}__WRITER_PASSWORD
    cat <<YAML
  - job_name: clickhouse-${cluster,,}
    scheme: ${!url%%://*}
    static_configs: [{targets: ["${!url#*://}"]}]
    basic_auth: {username: "${!user}", password: "${!password}"}
    metrics_path: /
    params:
      query:
        - |
$(sed 's/^/          /' "$LOCAL/observe/clickhouse.sql")
YAML
  done
}

# Starts a program in the background, with its output in its own log.
observe_program() { # <name> <command…>
  local name=$1
  shift
  : >"$DEMO/$name.log"
  "$@" >>"$DEMO/$name.log" 2>&1 </dev/null &
  PIDS+=($!)
}

# Needs the addresses of stack.env.
observe_start() {
  local home=$STACK/prometheus
  (
    umask 077
    mkdir -p "$home"
    observe_configuration >"$home/prometheus.yaml"
  )
  promtool check config --syntax-only "$home/prometheus.yaml" >"$DEMO/promtool.log" 2>&1 || die "$(cat "$DEMO/promtool.log")"
  # Passwords are in the environment, where other users cannot read them.
  REDIS_ADDR=$FOOTFALL__REDIS__URL observe_program redis-exporter \
    prometheus-redis-exporter -web.listen-address "$HOST:$REDIS_METRICS_PORT"
  DATA_SOURCE_NAME="$FOOTFALL__POSTGRES__URL?sslmode=disable" observe_program postgres-exporter \
    prometheus-postgres-exporter --web.listen-address="$HOST:$POSTGRES_METRICS_PORT"
  observe_program alertmanager prometheus-alertmanager --config.file="$OBSERVABILITY/alertmanager.yaml" \
    --web.listen-address="$HOST:$ALERTMANAGER_PORT" --cluster.listen-address= --storage.path="$home/alertmanager"
  observe_program prometheus prometheus --config.file="$home/prometheus.yaml" --storage.tsdb.path="$home/data" \
    --storage.tsdb.retention.time=3d --enable-feature=exemplar-storage --web.listen-address="$HOST:$PROMETHEUS_PORT"
}

# Waits until every target has answered.
observe_wait() {
  local query="http://$HOST:$PROMETHEUS_PORT/api/v1/query?query=" answer=''
  for _ in $(seq 60); do
    answer=$(curl -fsS "${query}sum(up)==bool+count(up)" 2>/dev/null || true)
    [[ $answer != *'"1"]'* ]] || return 0
    sleep 0.5
  done
  echo "Not every target answers:"
  curl -fsS "${query}up==0" || true
  return 1
}

observe_addresses() {
  observing || return 0
  printf '\n  Prometheus   http://%s       alerts at /alerts' "$HOST:$PROMETHEUS_PORT"
  printf '\n  Alertmanager http://%s' "$HOST:$ALERTMANAGER_PORT"
}
