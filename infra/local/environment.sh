# The generated passwords, and stack.env, from which services and tests read addresses and passwords.
# Sourced by stack.sh.
# shellcheck shell=bash

declare -A ADDRESS_VARIABLE=(
  [kafka]=FOOTFALL__KAFKA__BROKERS
  [postgres]=FOOTFALL__POSTGRES__URL
  [redis]=FOOTFALL__REDIS__URL
  [clickhouse-shared]=FOOTFALL__CLUSTERS__SHARED__URL
  [clickhouse-dedicated]=FOOTFALL__CLUSTERS__DEDICATED__URL
)

PASSWORDS=(POSTGRES_PASSWORD POSTGRES_ADMIN_PASSWORD REDIS_PASSWORD KAFKA_PASSWORD
  POSTGRES_PLATFORM_PASSWORD POSTGRES_TENANT_PASSWORD POSTGRES_LEDGER_PASSWORD
  CLICKHOUSE_SHARED_WRITER_PASSWORD CLICKHOUSE_SHARED_READER_PASSWORD
  CLICKHOUSE_DEDICATED_WRITER_PASSWORD CLICKHOUSE_DEDICATED_READER_PASSWORD)

load_secrets_if_any() {
  # shellcheck source=/dev/null
  [[ ! -e $STACK/secrets ]] || source "$STACK/secrets"
}

# Generated once and stored, because the data sealed or protected with them stays.
load_secrets() {
  load_secrets_if_any
  local name
  (
    umask 077
    mkdir -p "$STACK"
    for name in "${PASSWORDS[@]}"; do
      [[ -n ${!name:-} ]] || echo "$name=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')"
    done >>"$STACK/secrets"
    [[ -n ${KEY_ENCRYPTION_KEY:-} ]] || echo "KEY_ENCRYPTION_KEY=$(head -c 32 /dev/urandom | base64)" >>"$STACK/secrets"
  )
  load_secrets_if_any
}

own_address() { # <server>: its address in stack.env if this stack runs it
  case $1 in
    kafka) echo "$HOST:$KAFKA_PORT" ;;
    postgres) echo "postgres://footfall:${POSTGRES_PASSWORD:-}@$HOST:$POSTGRES_PORT/footfall" ;;
    redis) echo "$(with_tls && echo rediss || echo redis)://:${REDIS_PASSWORD:-}@$HOST:$REDIS_PORT/0" ;;
    clickhouse-*) clickhouse_address "$1" ;;
  esac
}

# An address in the environment means: use that server. The stack's own address (from stack.env sourced
# into the calling shell) does not count.
external() { # <server>
  local variable=${ADDRESS_VARIABLE[$1]}
  [[ -n ${!variable:-} && ${!variable} != "$(own_address "$1")" ]]
}

write_environment() {
  local server variable cluster account part
  (
    umask 077
    for server in kafka postgres redis; do
      variable=${ADDRESS_VARIABLE[$server]}
      if external "$server"; then echo "$variable=${!variable}"; else echo "$variable=$(own_address "$server")"; fi
    done
    # The services' logins: tests and the demo make addresses of them, since each uses a database of its own. The
    # names differ from those of the secrets, which another stack would take over from the environment.
    if ! external postgres && postgres_has_logins; then
      for account in "${POSTGRES_LOGINS[@]}"; do
        variable=POSTGRES_${account^^}_PASSWORD
        echo "POSTGRES_${account^^}_LOGIN=footfall_$account:${!variable}"
      done
    fi
    echo "FOOTFALL__DATA_DIR=${FOOTFALL__DATA_DIR:-$REPO/.footfall}"
    echo "FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY=${FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY:-$KEY_ENCRYPTION_KEY}"
    for cluster in SHARED DEDICATED; do
      server=clickhouse-${cluster,,} variable=FOOTFALL__CLUSTERS__${cluster}
      if external "$server"; then
        for part in URL WRITER_USER WRITER_PASSWORD READER_USER READER_PASSWORD; do
          part=${variable}__$part
          [[ -z ${!part:-} ]] || echo "$part=${!part}"
        done
        continue
      fi
      echo "${variable}__URL=$(own_address "$server")"
      for account in WRITER READER; do
        echo "${variable}__${account}_USER=footfall_${account,,}"
        echo "${variable}__${account}_PASSWORD=$(clickhouse_password "$server" "$account")"
      done
    done
    tls_environment
  ) >"$STACK/stack.env.part"
  chmod 600 "$STACK/stack.env.part"
  mv "$STACK/stack.env.part" "$STACK/stack.env"
}
