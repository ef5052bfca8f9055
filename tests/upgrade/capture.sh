#!/usr/bin/env bash
# Makes the fixture: runs a build of `footfall` on servers of its own, sends it a seeded set of events,
# stops everything and packs what the stores hold. Everything is in a throwaway folder.
#
#   tests/upgrade/capture.sh <footfall of the build> <its commit>
set -euo pipefail

[[ $# == 2 && -x $1 ]] || { sed -n '2,5s/^# \?//p' "$0" >&2; exit 2; }
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROGRAM=$(realpath "$1")
FOLDER=$(mktemp -d)
# PostgreSQL may run as a user of its own, who must get to its folder.
chmod 755 "$FOLDER"
trap 'rm -rf "$FOLDER"' EXIT

cd "$HERE/../.."
cargo run --quiet --package upgrade -- "$PROGRAM" "$2" "$FOLDER" "${FOOTFALL_TEST_PORT:-18000}" "$HERE/stores.tar.xz"
