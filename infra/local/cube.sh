#!/usr/bin/env bash
# Installs Cube, once: the public semantic layer that the bench of questions compares with. Needs Node.js, npm
# and some minutes. Prints the folder of its packages. tests/bench/cube has their versions, and its settings.
set -euo pipefail

LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings progress; do
  # shellcheck source=/dev/null
  source "$LOCAL/$part.sh"
done

lists=$REPO/tests/bench/cube
sum=$(cat "$lists/package.json" "$lists/package-lock.json" | sha256sum)
cube=$CACHE/cube-${sum:0:12}

node_new_enough() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  printf '%s\n' "$NODE_MIN" "${version#v}" | sort -V -C
}

{
  node_new_enough || die "Cube needs Node.js $NODE_MIN or newer on the PATH."
  if [[ ! -e $cube/.complete ]]; then
    command -v npm >/dev/null || die "Cube needs npm on the PATH."
    echo "installing Cube"
    rm -rf "$cube"
    mkdir -p "$cube"
    cp "$lists/package.json" "$lists/package-lock.json" "$cube/"
    # Its install scripts would download programs, which this Cube can do without: see tests/bench/README.md.
    npm ci --prefix "$cube" --ignore-scripts --no-audit --no-fund --loglevel=error
    touch "$cube/.complete"
  fi
} >&2

echo "$cube"
