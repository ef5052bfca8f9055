#!/usr/bin/env bash
# `make run`: installs, builds and starts the whole demo. Ctrl-C stops everything; the data stays.
# `make observe` does the same with Prometheus and Alertmanager (FOOTFALL_OBSERVE=1).
set -euo pipefail

LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$LOCAL/settings.sh"
source "$LOCAL/progress.sh"
source "$LOCAL/logs.sh"
source "$LOCAL/observe.sh"

DEMO=$REPO/.footfall/demo
SECRETS=$REPO/.footfall/demo.env
FOOTFALL=$REPO/target/debug/footfall
API_BIND=${FOOTFALL__API__BIND:-127.0.0.1:8080}
COLLECTOR_BIND=${FOOTFALL__COLLECTOR__BIND:-127.0.0.1:8081}
METRICS_BIND=${FOOTFALL__METRICS__BIND:-127.0.0.1:8083}
SIMULATED=(northwind southridge)
SHOPS=$REPO/services/footfall/shops
RATE=${FOOTFALL_DEMO_RATE:-5} # simulated events per second and tenant
HISTORY_RATE=0.06 # the same for the 30 days before: few enough to import quickly
PIDS=()
STARTED=$(now_ms)

stop_all() {
  trap '' INT TERM
  trap - EXIT
  echo
  echo "stopping"
  for pid in "${PIDS[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${PIDS[@]}"; do wait "$pid" 2>/dev/null || true; done
  "$LOCAL/stack.sh" down
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# Runs a step and prints its duration; its output is shown only when it fails.
step() { # <name> <detail> <command…>
  local name=$1 detail=$2 start
  shift 2
  start=$(now_ms)
  if "$@" >"$DEMO/$name.log" 2>&1; then
    say "$name" "$detail" "$(seconds_since "$start")"
  else
    line fail "$name" "$DEMO/$name.log" "$(seconds_since "$start")"
    tail -n 20 "$DEMO/$name.log" >&2
    exit 1
  fi
}

port_is_free() { # <host:port> <setting>
  if (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; then
    die "Something already listens on $1. Stop it, or choose another address: $2=127.0.0.1:<port> make run"
  fi
}

# Starts a footfall command in the background, with its output in its own log.
start() { # <name> <arguments…>
  local name=$1
  shift
  : >"$DEMO/$name.log"
  "$FOOTFALL" "$@" >>"$DEMO/$name.log" 2>&1 </dev/null &
  PIDS+=($!)
}

wait_ready() { # <url>
  for _ in $(seq 150); do
    if curl -fs -o /dev/null "$1"; then return; fi
    kill -0 "${PIDS[0]}" 2>/dev/null || break
    sleep 0.2
  done
  return 1
}

secret() { # <name>
  sed -n "s/^$1=//p" "$SECRETS"
}

# Imports a sample once; a file beside the data records the import.
import_once() { # <tenant variable> <campaign> <format> <file>
  local mark=$STACK/imported/$2
  [[ ! -e $mark ]] || return 0
  "$FOOTFALL" import --format "$3" --key "$(secret "$1_IMPORT_KEY")" --collector "http://$COLLECTOR_BIND" \
    --campaign "$2" "$REPO/tests/data/$4"
  mkdir -p "$(dirname "$mark")" && touch "$mark"
}

import_samples() {
  local campaign
  for campaign in random-men bts-men random-women; do
    import_once OPEN_BANDIT "$campaign" open-bandit "open-bandit/$campaign.csv.xz"
  done
  import_once ESHOP catalog-2008 eshop eshop/clothing-2008.csv.xz
}

# Imports the 30 days before the stack was created, once. An interrupted import is sent again with the
# same ids. A stack of an earlier build has no history-end: it has its own live traffic there.
import_history() {
  local tenant end mark
  end=$(cat "$STACK/imported/history-end" 2>/dev/null) || return 0
  for tenant in "${SIMULATED[@]}"; do
    mark=$STACK/imported/history-$tenant
    [[ ! -e $mark ]] || continue
    "$FOOTFALL" simulate --rate "$HISTORY_RATE" --from "$(date -u -d "$end - 30 days" +%FT%TZ)" --to "$end" \
      --shop "$SHOPS/$tenant.toml" --collector "http://$COLLECTOR_BIND" \
      --key "$(secret "${tenant^^}_IMPORT_KEY")" || return 1
    touch "$mark"
  done
}

simulate() { # <tenant>
  start "simulate-$1" simulate --rate "$RATE" --shop "$SHOPS/$1.toml" --collector "http://$COLLECTOR_BIND" \
    --key "$(secret "${1^^}_COLLECT_KEY")"
}

# Accepts each invitation with a new password. The password is stored first, so that an interrupted
# run can be continued even if the invitation was already accepted.
accept_invitations() {
  local name token password status
  for name in $(sed -n 's/_INVITATION=.*//p' "$SECRETS"); do
    token=$(secret "${name}_INVITATION") password=$(secret "${name}_PASSWORD")
    if [[ -z $password ]]; then
      password=$(head -c 18 /dev/urandom | base64 | tr '+/' '-_')
      echo "${name}_PASSWORD=$password" >>"$SECRETS"
    fi
    status=$(printf '{"token":"%s","password":"%s"}' "$token" "$password" |
      curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d @- \
        "http://$API_BIND/v1/auth/invitations/accept")
    if [[ $status != 200 && $status != 401 ]]; then
      echo "the invitation of $name was answered with $status" >&2
      return 1
    fi
    sed -i "/^${name}_INVITATION=/d" "$SECRETS"
  done
}

mkdir -p "$DEMO"
command -v cargo >/dev/null || die "Rust is missing: install it with rustup (https://rustup.rs), then run make run again."
port_is_free "$API_BIND" FOOTFALL__API__BIND
port_is_free "$COLLECTOR_BIND" FOOTFALL__COLLECTOR__BIND
port_is_free "$METRICS_BIND" FOOTFALL__METRICS__BIND

if observing; then observe_prepare; else observe_forget; fi
"$LOCAL/stack.sh" up

build_start=$(now_ms)
(cd "$REPO" && cargo build)
say build 'target/debug/footfall' "$(seconds_since "$build_start")"

set -a
# shellcheck source=/dev/null
source "$STACK/stack.env"
set +a
for account in PLATFORM TENANT LEDGER; do
  login=POSTGRES_${account}_LOGIN
  [[ -z ${!login:-} ]] \
    || export "FOOTFALL__POSTGRES__${account}_URL=postgres://${!login}@${FOOTFALL__POSTGRES__URL##*@}"
done
export FOOTFALL__PROCESSOR__INSTANCE=demo
export FOOTFALL__API__BIND=$API_BIND FOOTFALL__COLLECTOR__BIND=$COLLECTOR_BIND FOOTFALL__METRICS__BIND=$METRICS_BIND
export FOOTFALL__API__COLLECTOR_URL=${FOOTFALL__API__COLLECTOR_URL:-http://$COLLECTOR_BIND}

# Secrets belong to their data: a new stack gets new secrets.
if [[ ! -e $STACK/imported ]]; then
  rm -f "$SECRETS"
  mkdir -p "$STACK/imported"
  date -u +%FT%TZ >"$STACK/imported/history-end"
fi
step migrate 'tables, topics, clusters, the admin' "$FOOTFALL" migrate --admin admin@footfall.example --secrets "$SECRETS"
step tenants 'tenants/*.toml applied' "$FOOTFALL" tenant apply "$REPO/tenants" --secrets "$SECRETS"
{
  grep -v -e '^FOOTFALL_API=' -e '^FOOTFALL_COLLECTOR=' "$SECRETS"
  echo "FOOTFALL_API=http://$API_BIND"
  echo "FOOTFALL_COLLECTOR=http://$COLLECTOR_BIND"
} >"$SECRETS.new"
chmod 600 "$SECRETS.new" && mv "$SECRETS.new" "$SECRETS"

start services all
bound_logs_forever "$DEMO" "$STACK/logs" &
PIDS+=($!)
step services "api on $API_BIND, collector on $COLLECTOR_BIND" wait_ready "http://$API_BIND/readyz"
step collector 'accepts events' wait_ready "http://$COLLECTOR_BIND/readyz"
step people 'every user has a password' accept_invitations
if observing; then observe_start; fi
step samples 'real samples imported' import_samples
step history '30 days of simulated shops imported' import_history
for tenant in "${SIMULATED[@]}"; do simulate "$tenant"; done
if observing; then step observe "Prometheus on $HOST:$PROMETHEUS_PORT" observe_wait; fi

cat <<TEXT

Footfall is running ($(seconds_since "$STARTED")). Ctrl-C stops everything; the data stays for the next run.

  console      http://$API_BIND          in a browser, with a login from below
  API          http://$API_BIND          documentation at http://$API_BIND/docs
  collector    http://$COLLECTOR_BIND
  metrics      http://$METRICS_BIND/metrics$(observe_addresses)
  admin        $(secret FOOTFALL_ADMIN_EMAIL) / $(secret FOOTFALL_ADMIN_PASSWORD)
  open-bandit  $(secret OPEN_BANDIT_OWNER_EMAIL) / $(secret OPEN_BANDIT_OWNER_PASSWORD)
  eshop        $(secret ESHOP_OWNER_EMAIL) / $(secret ESHOP_OWNER_PASSWORD)
  northwind    $(secret NORTHWIND_OWNER_EMAIL) / $(secret NORTHWIND_OWNER_PASSWORD)
  southridge   $(secret SOUTHRIDGE_OWNER_EMAIL) / $(secret SOUTHRIDGE_OWNER_PASSWORD)

All logins and keys are in .footfall/demo.env, the logs in .footfall/demo/ and
.footfall/stack/logs/: at most 16 MiB per log, and as much of its previous part. Read the first into a shell:

  set -a; . .footfall/demo.env; set +a

1. A campaign's metrics, from the real sample:

  curl -s -H "Authorization: Bearer \$OPEN_BANDIT_READ_KEY" \\
    "\$FOOTFALL_API/v1/campaigns/random-men/metrics?from=2019-11-24T00:00:00Z&to=2019-12-01T00:00:00Z&granularity=day&metrics=impressions,clicks,ctr"

2. A live stream, updated by the simulated shoppers:

  curl -sN -H "Authorization: Bearer \$NORTHWIND_READ_KEY" "\$FOOTFALL_API/v1/campaigns/alpine-winter/live"

3. The campaigns of the last seven days against the seven before:

  curl -s "\$FOOTFALL_API/v1/query" -H "Authorization: Bearer \$NORTHWIND_READ_KEY" -H 'Content-Type: application/json' \\
    -d '{"metrics":["sales","roas"],"dimensions":["campaign"],"time":{"from":"$(date -d '-7 days' +%F)","to":"$(date +%F)"},"compare":{"to":"previous_period"}}'

README.md goes on from here: a funnel, a file for a spreadsheet, a new tenant, a move, an erasure.

TEXT
wait "${PIDS[0]}" || die "The services ended; the end of .footfall/demo/services.log:" "$(tail -n 20 "$DEMO/services.log")"
