#!/usr/bin/env bash
# Installs what flame graphs need, once: perf (Debian's linux-perf) and inferno (from crates.io).
# Prints inferno's folder. tests/bench/flame-graph.sh draws the graphs.
set -euo pipefail

LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings progress packages; do
  # shellcheck source=/dev/null
  source "$LOCAL/$part.sh"
done

inferno=$CACHE/inferno-$INFERNO_VERSION

{
  if ! command -v perf >/dev/null; then
    packages_ask linux-perf
    packages_install linux-perf
  fi
  if [[ ! -x $inferno/bin/inferno-flamegraph ]]; then
    # Not the caller's target folder, whose flags and lock it does not need.
    env -u CARGO_TARGET_DIR cargo install --quiet --locked --root "$inferno" --version "$INFERNO_VERSION" inferno
  fi
} >&2

echo "$inferno/bin"
