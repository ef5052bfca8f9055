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
  )
}

redis_run() { exec redis-server "$STACK/redis/redis.conf"; }

redis_ready() {
  [[ $(REDISCLI_AUTH=$REDIS_PASSWORD timeout 2 redis-cli -h "$HOST" -p "$REDIS_PORT" ping 2>/dev/null) == PONG ]]
}

redis_stop() { stop_process redis TERM; }
