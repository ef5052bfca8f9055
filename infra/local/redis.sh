# Redis: a private instance of the installed redis-server. Sourced by stack.sh.
# shellcheck shell=bash

redis_address() { echo "$HOST:$REDIS_PORT"; }
redis_ports() { echo "$REDIS_PORT"; }

redis_configure() {
  local home=$STACK/redis
  mkdir -p "$home/data"
  (
    umask 077
    render "$LOCAL/redis/redis.conf" HOST "$HOST" PORT "$REDIS_PORT" PASSWORD "$REDIS_PASSWORD" DATA "$home/data" \
      >"$home/redis.conf"
    if with_tls; then render "$LOCAL/redis/tls.conf" PORT "$REDIS_PORT" CERTIFICATES "$CERTIFICATES" >>"$home/redis.conf"; fi
  )
}

redis_run() { exec redis-server "$STACK/redis/redis.conf"; }

redis_ready() {
  local tls=()
  if with_tls; then tls=(--tls --cacert "$CERTIFICATES/ca.pem"); fi
  [[ $(REDISCLI_AUTH=$REDIS_PASSWORD timeout 2 redis-cli -h "$HOST" -p "$REDIS_PORT" "${tls[@]}" ping 2>/dev/null) == PONG ]]
}

redis_stop() { stop_process redis TERM; }
