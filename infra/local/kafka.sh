# Kafka: one KRaft node from the jars on Maven Central. Sourced by stack.sh.
# shellcheck shell=bash

kafka_jars() { echo "$CACHE/kafka-$KAFKA_VERSION"; }

kafka_installed() { [[ -e $(kafka_jars)/.complete ]]; }

kafka_install() {
  local jars part
  jars=$(kafka_jars) part=$(kafka_jars).part
  rm -rf "$jars" "$part"
  mkdir -p "$part/pom"
  cp "$LOCAL/kafka/pom.xml" "$part/pom/"
  mvn -B -f "$part/pom/pom.xml" -Dkafka.version="$KAFKA_VERSION" -Dlog4j.version="$LOG4J_VERSION" \
    dependency:copy-dependencies -DoutputDirectory="$part" -DincludeScope=runtime \
    || die "Maven could not fetch Kafka. Is the network there, and Maven Central reachable for mvn?"
  rm -rf "$part/pom"
  touch "$part/.complete"
  mv "$part" "$jars"
  echo "$KAFKA_VERSION, $(du -sm "$jars" | cut -f 1) MB"
}

# The agent that shows Kafka's own metrics to Prometheus; only used by make observe, which leaves the file
# `observed` in the stack's folder.
kafka_exporter() { echo "$CACHE/jmx-exporter-$KAFKA_EXPORTER_VERSION/jmx_prometheus_javaagent-$KAFKA_EXPORTER_VERSION.jar"; }

kafka_exporter_installed() { [[ -e $(kafka_exporter) ]]; }

kafka_exporter_install() {
  local folder part
  folder=$(dirname "$(kafka_exporter)") part=$(dirname "$(kafka_exporter)").part
  rm -rf "$folder" "$part"
  mvn -B dependency:copy -Dartifact="io.prometheus.jmx:jmx_prometheus_javaagent:$KAFKA_EXPORTER_VERSION" \
    -DoutputDirectory="$part" \
    || die "Maven could not fetch Kafka's exporter. Is the network there, and Maven Central reachable for mvn?"
  mv "$part" "$folder"
  echo "$KAFKA_EXPORTER_VERSION"
}

kafka_is_observed() { [[ -e $STACK/observed ]] && kafka_exporter_installed; }

kafka_address() { echo "$HOST:$KAFKA_PORT"; }
kafka_ports() {
  echo "$KAFKA_PORT $KAFKA_CONTROLLER_PORT $KAFKA_DETOUR_PORT"
  if kafka_is_observed; then echo "$KAFKA_METRICS_PORT"; fi
}

kafka_configure() {
  local home=$STACK/kafka
  local addresses=(HOST "$HOST" PORT "$KAFKA_PORT" CONTROLLER_PORT "$KAFKA_CONTROLLER_PORT"
    DETOUR_PORT "$KAFKA_DETOUR_PORT" PROXY_PORT "$KAFKA_PROXY_PORT")
  mkdir -p "$home"
  (
    umask 077
    render "$LOCAL/kafka/server.properties" "${addresses[@]}" DATA "$home/data" >"$home/server.properties"
    with_tls || exit 0
    render "$LOCAL/kafka/tls.properties" "${addresses[@]}" CERTIFICATES "$CERTIFICATES" PASSWORD "$KAFKA_PASSWORD" \
      >>"$home/server.properties"
  )
  if [[ ! -e $home/data/meta.properties ]]; then
    rm -rf "$home/data"
    echo "preparing the log"
    local id
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab')
    java -cp "$(kafka_jars)/*" "-Dlog4j2.configurationFile=$LOCAL/kafka/log4j2.properties" -XX:TieredStopAtLevel=1 \
      kafka.tools.StorageTool format -t "${id:0:22}" -c "$home/server.properties"
  fi
}

kafka_run() {
  local agent=()
  if kafka_is_observed; then
    agent=("-javaagent:$(kafka_exporter)=$HOST:$KAFKA_METRICS_PORT:$LOCAL/observe/kafka.yaml")
  fi
  exec java "${agent[@]}" -cp "$(kafka_jars)/*" "-Dlog4j2.configurationFile=$LOCAL/kafka/log4j2.properties" \
    -Xms256m -Xmx512m -XX:+UseG1GC -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
    kafka.Kafka "$STACK/kafka/server.properties"
}

# Requests metadata without topics, in Kafka's protocol; healthy when the answer has at least one broker.
# Request: length 14, key 3 (metadata), version 1, correlation 1, no client id, no topics.
# Answer: length, correlation, number of brokers. With TLS it is healthy when it shakes hands, which it does not
# before it serves requests.
kafka_ready() {
  local brokers
  if with_tls; then
    timeout 2 openssl s_client -connect "$HOST:$KAFKA_PORT" -CAfile "$CERTIFICATES/ca.pem" -verify_return_error \
      </dev/null >/dev/null 2>&1
    return
  fi
  brokers=$(
    exec 2>/dev/null 3<>"/dev/tcp/$HOST/$KAFKA_PORT" || exit
    printf '\0\0\0\016\0\003\0\001\0\0\0\001\377\377\0\0\0\0' >&3
    timeout 2 head -c 12 <&3 | od -An -tu1 -w12 | awk '{ print $12 }'
  ) || return 1
  [[ -n $brokers && $brokers -ge 1 ]]
}

kafka_stop() { stop_process kafka TERM; }
