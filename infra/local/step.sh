#!/usr/bin/env bash
# Runs a step of a longer job and notes how long it took: step.sh NAME COMMAND [ARGUMENT…]
# `step.sh begin` forgets the steps of an earlier job, `step.sh show` prints those of this one.
set -euo pipefail
cd "$(dirname "$0")/../.."

steps=.footfall/steps
mkdir -p .footfall

case "$1" in
  begin) : > "$steps" ;;
  show) awk '{ printf "  %-10s %5d s\n", $1, $2; sum += $2 } END { printf "  %-10s %5d s\n", "all", sum }' "$steps" ;;
  *)
    name=$1
    shift
    began=$SECONDS
    "$@"
    echo "$name $((SECONDS - began))" >> "$steps"
    ;;
esac
