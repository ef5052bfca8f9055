# One line per step, and a live view of steps that run at the same time. Sourced by stack.sh.
# shellcheck shell=bash
#
#   task <name> <command…>   starts a step in the background
#   tasks_wait               shows them until all have ended; fails if one failed
#
# A step's last line of output is shown on its line: the progress while it runs, then the result. On a
# terminal the running steps are redrawn in place with their seconds; elsewhere (CI, a pipe) each step
# gets plain lines only.

if [[ -t 1 ]]; then
  GREEN=$'\e[32m' RED=$'\e[31m' DIM=$'\e[2m' PLAIN=$'\e[0m'
else
  GREEN='' RED='' DIM='' PLAIN=''
fi

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo "${t%???}"; }

seconds_since() { # <start in ms>
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

line() { # <ok|fail|..> <name> <detail> [seconds]
  local colour=$GREEN mark=' ok '
  case $1 in
    fail) colour=$RED mark=fail ;;
    ..) colour=$DIM mark=' .. ' ;;
  esac
  printf '%s[%s]%s %-21s %-52s %s\n' "$colour" "$mark" "$PLAIN" "$2" "$3" "${4:-}"
}

say() { line ok "$@"; }

die() { # <message…>: one paragraph per argument
  printf '%s\n' "$@" >&2
  exit 1
}

declare -A TASK_START=() TASK_PID=()
TASK_ORDER=()
TASK_DIR=''

task() { # <name> <command…>
  local name=$1
  shift
  if [[ -z $TASK_DIR ]]; then
    TASK_DIR=$(mktemp -d)
    trap 'rm -rf "$TASK_DIR"' EXIT
    trap tasks_end INT TERM
  fi
  rm -f "$TASK_DIR/$name.rc"
  TASK_START[$name]=$(now_ms)
  TASK_ORDER+=("$name")
  # In its own process group (set -m), so that it can be ended with all its children. The exit code is
  # written to a file that is moved into place, so that it is never read half written.
  set -m
  (
    set +em
    trap - EXIT INT TERM
    (set -e; "$@") >"$TASK_DIR/$name.out" 2>&1 </dev/null
    echo $? >"$TASK_DIR/$name.rc.part"
    mv "$TASK_DIR/$name.rc.part" "$TASK_DIR/$name.rc"
  ) &
  TASK_PID[$name]=$!
  set +m
  [[ -t 1 ]] || line .. "$name" started
}

# Ctrl-C: ends the running steps, except apt-get, which would leave the system's packages half installed.
tasks_end() {
  local name
  trap '' INT TERM
  for name in "${TASK_ORDER[@]}"; do
    [[ ! -e $TASK_DIR/$name.rc ]] || continue
    if [[ $name == packages ]]; then
      echo "stopping: waiting for apt-get, which must not be interrupted"
      wait "${TASK_PID[$name]}" || true
    else
      kill -TERM -- "-${TASK_PID[$name]}" 2>/dev/null || true
    fi
  done
  exit 130
}

last_line() { # <file>: what a step printed last, without colours
  tail -c 400 "$1" 2>/dev/null | tr '\r' '\n' | sed $'s/\e\\[[0-9;]*[A-Za-z]//g' | grep -v '^[[:space:]]*$' | tail -n 1 || true
}

tasks_wait() {
  local running=("${TASK_ORDER[@]}") still name rc drawn=0 failed=() width detail
  while ((${#running[@]})); do
    still=()
    if ((drawn)); then printf '\e[%dA\e[J' "$drawn"; fi
    drawn=0
    for name in "${running[@]}"; do
      if [[ ! -e $TASK_DIR/$name.rc ]] && kill -0 "${TASK_PID[$name]}" 2>/dev/null; then
        still+=("$name")
        continue
      fi
      rc=$(cat "$TASK_DIR/$name.rc" 2>/dev/null || echo 1)
      wait "${TASK_PID[$name]}" 2>/dev/null || true
      if [[ $rc == 0 ]]; then
        line ok "$name" "$(last_line "$TASK_DIR/$name.out")" "$(seconds_since "${TASK_START[$name]}")"
      else
        line fail "$name" 'see below' "$(seconds_since "${TASK_START[$name]}")"
        failed+=("$name")
      fi
    done
    running=("${still[@]}")
    ((${#running[@]})) || break
    if [[ -t 1 ]]; then
      width=$(tput cols 2>/dev/null || echo 100)
      for name in "${running[@]}"; do
        detail=$(last_line "$TASK_DIR/$name.out")
        line .. "$name" "${detail:0:50}" "$(seconds_since "${TASK_START[$name]}")" | cut -c "1-$((width + 7))"
        drawn=$((drawn + 1))
      done
    fi
    sleep 0.1
  done
  TASK_ORDER=()
  for name in "${failed[@]}"; do
    printf '\n%s%s%s\n' "$RED" "$name:" "$PLAIN" >&2
    tail -n 60 "$TASK_DIR/$name.out" >&2
  done
  ((${#failed[@]} == 0))
}
