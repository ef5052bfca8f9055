#!/usr/bin/env bash
# Takes each guard out of a copy of the committed code and expects its tests to turn red: see README.md
# beside this file. Wants the servers of a stack in its environment, as the tests do.
set -euo pipefail

GUARDS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$GUARDS/../.." && pwd)
# shellcheck source=/dev/null
source "$REPO/infra/local/progress.sh"

COPY=$REPO/.footfall/guards
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$REPO/.footfall/guards-target}

# How long the tests of one command may take, in seconds.
PATIENCE=300

# Kept between runs, so that what did not change is not compiled again.
make_copy() {
  git -C "$REPO" worktree prune
  [[ -e $COPY ]] || git -C "$REPO" worktree add --quiet --detach "$COPY"
  put_back "$(git -C "$REPO" rev-parse HEAD)"
}

# Also away with what tests leave behind: a failure that they remember is no new one.
put_back() { # <commit>
  git -C "$COPY" checkout --quiet --force --detach "$1"
  git -C "$COPY" clean --quiet --force -d
}

# The patches asked for by name, or all: by what is compiled, so that less is compiled.
patches() { # [name…]
  local patch all=("${@/%/.patch}")
  cd "$GUARDS"
  (($#)) || all=(*.patch)
  for patch in "${all[@]}"; do
    [[ -e $patch ]] || die "There is no tests/guards/$patch."
    grep -q '^Red: cargo test ' "$patch" || die "$patch names no test that must turn red."
  done
  grep --max-count=1 --with-filename '^Red: ' "${all[@]}" | sort --stable --key=5 | cut -d: -f1
}

# Ends with a line that says which tests turned red; fails when any did not.
without_guard() { # <patch>
  local commands red=()
  mapfile -t commands < <(sed -n 's/^Red: //p' "$GUARDS/$1")
  cd "$COPY"
  git apply "$GUARDS/$1" || die "STALE: the patch does not fit the code any more."
  for command in "${commands[@]}"; do
    turns_red "$command"
    red+=("${command##* }")
  done
  echo "red: ${red[*]}"
}

turns_red() { # <command>
  local test status=0
  read -ra test <<<"$1"
  "${test[@]}" --no-run || die "ERROR: without the guard the code does not compile."
  timeout "$PATIENCE" "${test[@]}" 2>&1 | tee "$COPY.out" || status=$?
  ((status != 124)) || die "ERROR: no answer within $PATIENCE s: $1"
  grep -q '^test result: FAILED. 0 passed; [1-9]' "$COPY.out" || die "GREEN: not all of this fails: $1"
}

# Without servers every test would fail.
[[ -n ${FOOTFALL__KAFKA__BROKERS:-} ]] || die "There is no stack in the environment: use make guards."
chosen=$(patches "$@")
make_copy
failed=()
for patch in $chosen; do
  task "${patch%.patch}" without_guard "$patch"
  tasks_wait || failed+=("${patch%.patch}")
  put_back HEAD
done
((${#failed[@]} == 0)) || die '' "Taken out and not missed, or not tried: ${failed[*]}"
echo "$(wc -w <<<"$chosen") guards were taken out, and each was missed."
