#!/usr/bin/env bash
# Creates the fixture: runs a build of `footfall` on private servers, sends it events from a seed, stops
# everything and packs the stores. Everything is in a temporary folder.
#
#   tests/upgrade/capture.sh <footfall of the build> <its commit>
set -euo pipefail

[[ $# == 2 && -x $1 ]] || { sed -n '2,5s/^# \?//p' "$0" >&2; exit 2; }
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROGRAM=$(realpath "$1")
FOLDER=$(mktemp -d)
# PostgreSQL may run as another user, which needs access to its folder.
chmod 755 "$FOLDER"
trap 'rm -rf "$FOLDER"' EXIT

cd "$HERE/../.."
cargo run --quiet --package upgrade -- "$PROGRAM" "$2" "$FOLDER" "${FOOTFALL_TEST_PORT:-18000}" "$HERE/stores.tar.xz"
