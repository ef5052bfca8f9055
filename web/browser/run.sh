#!/usr/bin/env bash
# Runs the journeys in a real browser on a running platform: `make browser`. Needs a temporary stack
# (infra/local/with-test-stack.sh) and target/debug/footfall, or another
# program that FOOTFALL_TEST_PROGRAM names. Arguments are those of Playwright.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
WORK=$REPO/.footfall/browser/work
SERVICES=(collector processor api)
READY_SECONDS=60
SUPERVISORS=()

# Pictures and figures are for the documentation; the journeys make none.
case ${1:-} in
  --pictures | --measures)
    export FOOTFALL_TEST_ONLY=${1#--}
    shift
    ;;
esac

# A browser that is named in the environment is used as it is.
FOOTFALL_TEST_BROWSER=${FOOTFALL_TEST_BROWSER:-$("$REPO/infra/local/browser.sh")}
# The libraries are installed again only when their pinned versions change.
if ! cmp -s "$REPO/web/package-lock.json" "$REPO/web/node_modules/.installed"; then
  npm --prefix "$REPO/web" ci --no-audit --no-fund --silent
  cp "$REPO/web/package-lock.json" "$REPO/web/node_modules/.installed"
fi

rm -rf "$WORK"
mkdir -p "$WORK"
export FOOTFALL_TEST_BROWSER FOOTFALL_TEST_WORK=$WORK
export FOOTFALL_TEST_PROGRAM=${FOOTFALL_TEST_PROGRAM:-$REPO/target/debug/footfall}
export FOOTFALL__API__BIND=127.0.0.1:$((FOOTFALL_STACK_PORT + 60))
export FOOTFALL__COLLECTOR__BIND=127.0.0.1:$((FOOTFALL_STACK_PORT + 61))
export FOOTFALL__API__COLLECTOR_URL=http://$FOOTFALL__COLLECTOR__BIND FOOTFALL__METRICS__BIND=
export FOOTFALL__DATA_DIR=$WORK/data FOOTFALL__PROCESSOR__INSTANCE=browser
export FOOTFALL__SPOOL__MAX_DISK_PERCENT=100
# A tenant is moved: nobody waits ten minutes for those who may use an older route.
export FOOTFALL__PROCESSOR__MOVE_GRACE_SECONDS=5
# All connections are of one address.
export FOOTFALL__API__CONNECTIONS_PER_ADDRESS=0
# So is each login: the journeys name a network of their own for each, as a load balancer does.
export FOOTFALL__API__TRUST_FORWARDED_FOR=true

# Runs a service, and again whenever it is killed, as the init system of a server does.
supervise() { # <service>
  local service=$1 child=
  trap 'kill "$child" 2>/dev/null; wait "$child" 2>/dev/null || true; exit 0' TERM
  while :; do
    "$FOOTFALL_TEST_PROGRAM" "$service" >>"$WORK/$service.log" 2>&1 </dev/null &
    child=$!
    echo "$child" >"$WORK/$service.pid"
    wait "$child" || true
    sleep 0.5
  done
}

stop_all() {
  for supervisor in "${SUPERVISORS[@]}"; do kill "$supervisor" 2>/dev/null || true; done
  for supervisor in "${SUPERVISORS[@]}"; do wait "$supervisor" 2>/dev/null || true; done
}
trap stop_all EXIT
trap 'exit 130' INT TERM

wait_ready() { # <service> <address>
  local deadline=$((SECONDS + READY_SECONDS))
  until curl -fs -o /dev/null "http://$2/readyz"; do
    if ((SECONDS >= deadline)); then
      tail -n 20 "$WORK/$1.log" >&2
      exit 1
    fi
    sleep 0.2
  done
}

"$FOOTFALL_TEST_PROGRAM" migrate --admin admin@platform.example --secrets "$WORK/secrets.env" >"$WORK/migrate.log" 2>&1
for service in "${SERVICES[@]}"; do
  supervise "$service" &
  SUPERVISORS+=($!)
done
wait_ready api "$FOOTFALL__API__BIND"
wait_ready collector "$FOOTFALL__COLLECTOR__BIND"

npm --prefix "$REPO/web" run --silent browser -- "$@"
