#!/usr/bin/env bash
# Runs a step of a longer job and notes how long it took: step.sh NAME COMMAND [ARGUMENT…]
# When the step fails, what failed is said once more at the end, since thousands of lines may follow it.
# `step.sh begin` forgets the steps of an earlier job, `step.sh show` prints those of this one.
set -euo pipefail
cd "$(dirname "$0")/../.."

steps=.footfall/steps
mkdir -p .footfall

# The messages of tests that panicked, of the compiler, and of journeys in a browser.
say_what_failed() { # <log>
  echo
  echo "What failed, from $1:"
  grep -aE -A 14 'panicked at|^error|^ +[0-9]+\) ' "$1" | cut -c 1-600 | head -n 150
}

case "$1" in
  begin) : > "$steps" ;;
  show) awk '{ printf "  %-10s %5d s\n", $1, $2; sum += $2 } END { printf "  %-10s %5d s\n", "all", sum }' "$steps" ;;
  *)
    name=$1
    log=.footfall/step-$name.log
    shift
    began=$SECONDS
    if ! "$@" 2>&1 | tee "$log"; then
      say_what_failed "$log"
      exit 1
    fi
    echo "$name $((SECONDS - began))" >> "$steps"
    ;;
esac
