#!/usr/bin/env bash
# Runs a command on a temporary stack, which is removed afterwards. Its folder and ports differ from the
# demo's, so that both can run at the same time.
#
# With FOOTFALL_TEST_MEMORY=1 its files are in memory if there is room: tests create and drop thousands of small
# files, which costs a disk as much time as the tests themselves take.
set -euo pipefail

LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Unsets the caller's variables of another stack.
while IFS='=' read -r name _; do
  case $name in
    FOOTFALL_CACHE_DIR | FOOTFALL_PREVIOUS | FOOTFALL_TEST_*) ;;
    FOOTFALL_*) unset "$name" ;;
  esac
done < <(env)

REPO=$(cd "$LOCAL/../.." && pwd)
export FOOTFALL_STACK_DIR=$REPO/${FOOTFALL_TEST_DIR:-.footfall/test-stack}
export FOOTFALL_STACK_PORT=${FOOTFALL_TEST_PORT:-18000}

# Whether a stack of tests, of which none has had more than 3 GB, leaves enough memory for what runs on it.
memory_has_room() {
  local free available
  free=$(df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
  available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  [[ -w /dev/shm ]] && ((${free:-0} >= 6000 && available >= 12000))
}

if [[ ${FOOTFALL_TEST_MEMORY:-} == 1 ]] && memory_has_room; then
  # One of this folder only, so that what an interrupted run leaves is found and removed by the next one.
  FOOTFALL_STACK_DIR=/dev/shm/footfall-$(cksum <<<"$FOOTFALL_STACK_DIR" | cut -d ' ' -f 1)
fi

finish() {
  # An interrupted test may have left its own servers: see tests/upgrade.
  FOOTFALL_STACK_DIR=$FOOTFALL_STACK_DIR/upgrade/stack "$LOCAL/stack.sh" wipe >/dev/null
  rm -rf "$FOOTFALL_STACK_DIR/platforms" "$FOOTFALL_STACK_DIR/upgrade"
  "$LOCAL/stack.sh" wipe >/dev/null
  if [[ $FOOTFALL_STACK_DIR == /dev/shm/* ]]; then rm -rf "$FOOTFALL_STACK_DIR"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

"$LOCAL/stack.sh" wipe >/dev/null 2>&1 || true
"$LOCAL/stack.sh" up
set -a
# shellcheck source=/dev/null
source "$FOOTFALL_STACK_DIR/stack.env"
set +a
"$@"
