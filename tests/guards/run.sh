#!/usr/bin/env bash
# Removes each guard from a copy of the committed code and expects its tests to fail: see README.md
# beside this file. Needs the servers of a stack in its environment, as the tests do.
set -euo pipefail

GUARDS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$GUARDS/../.." && pwd)
# shellcheck source=/dev/null
source "$REPO/infra/local/progress.sh"

COPY=$REPO/.footfall/guards
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$REPO/.footfall/guards-target}

# Timeout for the tests of one command, in seconds: longer than three minutes, for which a test waits in vain.
TEST_TIMEOUT=600

# The copy stays between runs, so that unchanged crates are not compiled again.
make_copy() {
  git -C "$REPO" worktree prune
  [[ -e $COPY ]] || git -C "$REPO" worktree add --quiet --detach "$COPY"
  reset_copy "$(git -C "$REPO" rev-parse HEAD)"
}

# Also removes files that tests left behind: a remembered failure would count as a new one.
reset_copy() { # <commit>
  git -C "$COPY" checkout --quiet --force --detach "$1"
  git -C "$COPY" clean --quiet --force -d
}

# The patches given by name, or all; sorted by package, so that less is compiled.
patches() { # [name…]
  local patch all=("${@/%/.patch}")
  cd "$GUARDS"
  (($#)) || all=(*.patch)
  for patch in "${all[@]}"; do
    [[ -e $patch ]] || die "tests/guards/$patch does not exist."
    grep -q '^Red: cargo test ' "$patch" || die "$patch names no test that must fail."
  done
  grep --max-count=1 --with-filename '^Red: ' "${all[@]}" | sort --stable --key=5 | cut -d: -f1
}

# Prints the tests that failed; fails when any test passed.
without_guard() { # <patch>
  local commands red=()
  mapfile -t commands < <(sed -n 's/^Red: //p' "$GUARDS/$1")
  cd "$COPY"
  git apply "$GUARDS/$1" || die "STALE: the patch no longer applies to the code."
  for command in "${commands[@]}"; do
    expect_failure "$command"
    red+=("${command##* }")
  done
  echo "red: ${red[*]}"
}

expect_failure() { # <command>
  local test status=0
  read -ra test <<<"$1"
  "${test[@]}" --no-run || die "ERROR: the code does not compile without the guard."
  timeout "$TEST_TIMEOUT" "${test[@]}" 2>&1 | tee "$COPY.out" || status=$?
  ((status != 124)) || die "ERROR: timed out after $TEST_TIMEOUT s: $1"
  grep -q '^test result: FAILED. 0 passed; [1-9]' "$COPY.out" || die "GREEN: not every test of this command fails: $1"
}

# Without servers every test would fail.
[[ -n ${FOOTFALL__KAFKA__BROKERS:-} ]] || die "The environment names no stack: use make guards."
chosen=$(patches "$@")
make_copy
failed=()
for patch in $chosen; do
  task "${patch%.patch}" without_guard "$patch"
  tasks_wait || failed+=("${patch%.patch}")
  reset_copy HEAD
done
((${#failed[@]} == 0)) || die '' "Not detected by their tests, or not run: ${failed[*]}"
echo "$(wc -w <<<"$chosen") guards were removed, and the tests detected each."
