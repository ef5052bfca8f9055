#!/usr/bin/env bash
# Draws the flame graph of samples: flame-graph.sh NAME.data writes NAME.svg and removes the samples.
# Needs perf and inferno's programs on the PATH: infra/local/profiler.sh installs them.
set -euo pipefail

samples=$1
graph=${samples%.data}

# Inlined functions would be looked up one by one, which takes hours.
perf script --no-inline -i "$samples" 2>/dev/null | inferno-collapse-perf >"$graph.folded"
inferno-flamegraph --title "$(basename "$graph")" <"$graph.folded" >"$graph.svg"
rm -f "$samples"
echo "$graph.svg" >&2
