#!/usr/bin/env bash
# Checks infra/observability without a running Prometheus: see the README.
#
#   check.sh             everything: generated rules routes dashboards links
#   check.sh rules …     only these steps
#   check.sh ask [URL]   ask a running Prometheus every query: by default that of make observe
#   check.sh generate    write the generated files again
#   check.sh python …    run the Python that the checks use
#
# promtool and amtool are Debian's, installed or unpacked; Python packages are fetched once, by pinned version.
set -euo pipefail

CHECK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
OBSERVABILITY=$(dirname "$CHECK")
REPO=$(cd "$OBSERVABILITY/../.." && pwd)
CACHE=${FOOTFALL_CACHE_DIR:-$REPO/.footfall/cache}/observability
# shellcheck source=versions.sh
. "$CHECK/versions.sh"
# shellcheck source=../../check/tools.sh
. "$REPO/infra/check/tools.sh"

python() { # prints the program
  local venv=$CACHE/python-$GRAFANA_SDK_VERSION-$PROMQL_PARSER_VERSION-$PYYAML_VERSION
  virtual_environment "$venv" "the packages in versions.sh" "grafana-foundation-sdk==$GRAFANA_SDK_VERSION" \
    "promql-parser==$PROMQL_PARSER_VERSION" "pyyaml==$PYYAML_VERSION"
  echo "$venv/bin/python"
}

generate() { # <folder>: writes the generated files there
  local program
  program=$(python)
  mkdir -p "$1/rules" "$1/dashboards"
  "$program" "$OBSERVABILITY/generate/rules.py" "$1/rules/slo.yaml"
  "$program" "$OBSERVABILITY/generate/dashboards.py" "$1/dashboards"
}

# --- Steps --------------------------------------------------------------------------------------
generated() {
  rm -rf "$CACHE/generated"
  generate "$CACHE/generated"
  local differs=0
  diff -r "$CACHE/generated/dashboards" "$OBSERVABILITY/dashboards" || differs=1
  diff "$CACHE/generated/rules/slo.yaml" "$OBSERVABILITY/rules/slo.yaml" || differs=1
  ((!differs)) || die "Generated files differ from the code that makes them: run $0 generate, and commit the result."
  echo "the generated files are those that the code makes"
}

rules() {
  local program
  program=$(promtool)
  "$program" check rules "$OBSERVABILITY"/rules/*.yaml >"$CACHE/log" 2>&1 || die "$(cat "$CACHE/log")"
  rm -rf "$CACHE/cases" && mkdir -p "$CACHE/cases"
  "$(python)" "$OBSERVABILITY/generate/cases.py" "$CACHE/cases"
  "$program" test rules "$CACHE"/cases/*.yaml >"$CACHE/log" 2>&1 || die "$(cat "$CACHE/log")"
  echo "$(cat "$CACHE"/cases/*.yaml | grep -c '"name": ') cases: each alert fires when it must, and only then"
}

# Every alert reaches the receiver of its severity.
routes() {
  local config=$OBSERVABILITY/alertmanager.yaml program alert severity receiver count=0
  program=$(amtool)
  declare -A receivers=([page]=pager [ticket]=tickets [none]=heartbeat)
  "$program" check-config "$config" >"$CACHE/log" 2>&1 || die "$(cat "$CACHE/log")"
  while read -r alert severity; do
    receiver=${receivers[$severity]}
    "$program" config routes test --config.file="$config" --verify.receivers="$receiver" \
      "alertname=$alert" "severity=$severity" >"$CACHE/log" 2>&1 || die "$alert does not reach $receiver:" "$(cat "$CACHE/log")"
    count=$((count + 1))
  done < <("$(python)" "$CHECK/links.py" --alerts)
  echo "$count alerts reach their receiver"
}

dashboards() { "$(python)" "$CHECK/dashboards.py"; }

links() { "$(python)" "$CHECK/links.py"; }

mkdir -p "$CACHE"
export PYTHONDONTWRITEBYTECODE=1
case ${1:-} in
  python)
    shift
    exec "$(python)" "$@"
    ;;
  ask)
    port=$(cat "${FOOTFALL_STACK_DIR:-$REPO/.footfall/stack}/port" 2>/dev/null || echo 17000)
    exec "$(python)" "$CHECK/ask.py" "${2:-http://127.0.0.1:$((port + 50))}"
    ;;
  generate)
    generate "$OBSERVABILITY"
    exit
    ;;
esac
(($#)) || set -- generated rules routes dashboards links
for step in "$@"; do
  echo "== $step"
  case $step in
    generated | rules | routes | dashboards | links) "$step" ;;
    *) die "There is no step $step: generated, rules, routes, dashboards, links; or ask, generate, python." ;;
  esac
done
