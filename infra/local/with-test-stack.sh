#!/usr/bin/env bash
# Runs a command on a temporary stack, which is removed afterwards. Its folder and ports differ from the
# demo's, so that both can run at the same time.
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

finish() {
  # An interrupted test may have left its own servers: see tests/upgrade.
  FOOTFALL_STACK_DIR=$FOOTFALL_STACK_DIR/upgrade/stack "$LOCAL/stack.sh" wipe >/dev/null
  rm -rf "$FOOTFALL_STACK_DIR/platforms" "$FOOTFALL_STACK_DIR/upgrade"
  "$LOCAL/stack.sh" wipe >/dev/null
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
