#!/usr/bin/env bash
# Checks a running platform against both OpenAPI documents: `make contract`. Needs a temporary stack
# (infra/local/with-test-stack.sh) and a built target/debug/footfall.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
FOOTFALL=$REPO/target/debug/footfall
VENV=$REPO/.footfall/contract/venv
EXAMPLES=20 # per operation, credential and phase
SEED=$RANDOM
SECONDS_AT_MOST=3600
# The owner is last, because it can disable the others.
CREDENTIALS="collect import read advertiser analyst owner"

while (($#)); do
  case $1 in
    --examples) EXAMPLES=$2 ;;
    --seed) SEED=$2 ;;
    --seconds) SECONDS_AT_MOST=$2 ;;
    --as) CREDENTIALS=$2 ;;
    *)
      echo "usage: run.sh [--examples <per operation>] [--seed <number>] [--as '<credentials>'] [--seconds <at most>]" >&2
      exit 2
      ;;
  esac
  shift 2
done

# Schemathesis runs in a virtual environment, recreated when the pinned versions change.
if ! cmp -s "$HERE/requirements.txt" "$VENV/requirements.txt"; then
  rm -rf "$VENV"
  python3 -m venv "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$HERE/requirements.txt"
  cp "$HERE/requirements.txt" "$VENV/requirements.txt"
fi

WORK=$REPO/.footfall/contract/work
SECRETS=$WORK/secrets.env
rm -rf "$WORK"
mkdir -p "$WORK"
export FOOTFALL__API__BIND=127.0.0.1:$((FOOTFALL_STACK_PORT + 60))
export FOOTFALL__COLLECTOR__BIND=127.0.0.1:$((FOOTFALL_STACK_PORT + 61))
export FOOTFALL__METRICS__BIND=127.0.0.1:$((FOOTFALL_STACK_PORT + 62))
export FOOTFALL__DATA_DIR=$WORK/data FOOTFALL__PROCESSOR__INSTANCE=contract
export FOOTFALL__SPOOL__MAX_DISK_PERCENT=100 FOOTFALL__API__TRUST_FORWARDED_FOR=true

"$FOOTFALL" migrate --admin admin@platform.example --secrets "$SECRETS" >"$WORK/migrate.log" 2>&1
"$FOOTFALL" tenant apply "$HERE/tenants" --secrets "$SECRETS" >"$WORK/tenants.log" 2>&1
"$FOOTFALL" all >"$WORK/services.log" 2>&1 </dev/null &
SERVICES=$!
trap 'kill "$SERVICES" 2>/dev/null; wait "$SERVICES" 2>/dev/null || true' EXIT

for address in "$FOOTFALL__API__BIND" "$FOOTFALL__COLLECTOR__BIND"; do
  until curl -fs -o /dev/null "http://$address/readyz"; do
    kill -0 "$SERVICES" 2>/dev/null || { tail -n 20 "$WORK/services.log" >&2; exit 1; }
    sleep 0.2
  done
done

set -a
# shellcheck source=/dev/null
source "$SECRETS"
for user in OWNER ANALYST ADVERTISER; do
  invitation=CONTRACT_${user}_INVITATION
  declare "CONTRACT_${user}_PASSWORD=a password of $user"
  curl -fsS -o /dev/null -H 'Content-Type: application/json' \
    -d "{\"token\":\"${!invitation}\",\"password\":\"a password of $user\"}" \
    "http://$FOOTFALL__API__BIND/v1/auth/invitations/accept"
done
set +a
export SCHEMATHESIS_HOOKS=$HERE/hooks.py PYTHONDONTWRITEBYTECODE=1
END=$((SECONDS + SECONDS_AT_MOST))
FAILED=()

check() { # <document> <address> <credential>
  local left=$((END - SECONDS))
  ((left > 0)) || { FAILED+=("$1 as $3: no time left"); return; }
  echo "== $1 as $3"
  FOOTFALL_CONTRACT_AS=$3 timeout "$left" "$VENV/bin/schemathesis" \
    --config-file "$HERE/schemathesis.toml" run "$REPO/openapi/$1.json" \
    --url "http://$2" --seed "$SEED" --max-examples "$EXAMPLES" || FAILED+=("$1 as $3")
}

echo "seed $SEED, $EXAMPLES examples, logs in $WORK"
cd "$WORK" # where Hypothesis keeps its examples
for credential in $CREDENTIALS; do
  case $credential in
    collect | import) check collector "$FOOTFALL__COLLECTOR__BIND" "$credential" ;;
    *) check api "$FOOTFALL__API__BIND" "$credential" ;;
  esac
done

if ((${#FAILED[@]})); then
  printf 'failed: %s\n' "${FAILED[@]}" >&2
  exit 1
fi
