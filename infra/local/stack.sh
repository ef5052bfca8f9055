#!/usr/bin/env bash
# Runs the real servers that Footfall needs on this machine, without Docker. See README.md beside this file.
set -euo pipefail
shopt -s inherit_errexit

LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings progress process tls kafka clickhouse redis postgres packages environment; do
  # shellcheck source=/dev/null
  source "$LOCAL/$part.sh"
done

[[ $(uname -s) == Linux ]] || die "These scripts run the servers on Linux; elsewhere use compose.yaml."

usage() {
  cat <<'TEXT'
usage: infra/local/stack.sh <command>

  up               install what is missing, start stopped servers, write stack.env
  down             stop the servers that up started; the data stays
  status           print which servers run, and where
  env              print stack.env: the addresses and passwords, for the services and tests
  logs [server]    print the last lines of the logs
  install          install only                 install observe  the same, and what make observe needs
  start <server>   start one server            stop <server>   stop one server; its data stays
  kill <server>    kill -9 one server (to see what happens)
  wipe             down, and remove all data

servers: kafka clickhouse-shared clickhouse-dedicated redis postgres

  FOOTFALL_STACK_DIR    the folder of the stack        (.footfall/stack)
  FOOTFALL_STACK_PORT   first port; up to +53 are used (17000)
  FOOTFALL_CACHE_DIR    where downloads are stored     (.footfall/cache)
  FOOTFALL_TEST_TLS     1: every server takes connections with TLS only, from the first `up` on

A server whose address is already set in the environment (FOOTFALL__KAFKA__BROKERS, FOOTFALL__POSTGRES__URL,
FOOTFALL__REDIS__URL, FOOTFALL__CLUSTERS__SHARED__URL, FOOTFALL__CLUSTERS__DEDICATED__URL) is used as it is.
TEXT
}

render() { # <template> <name> <value> …: fills in @NAME@
  local text
  text=$(<"$1")
  shift
  while (($#)); do
    text=${text//"@$1@"/"$2"}
    shift 2
  done
  printf '%s\n' "$text"
}

kind() { echo "${1%%-*}"; } # clickhouse-shared and clickhouse-dedicated are both clickhouse

must_be_server() {
  [[ " ${SERVERS[*]} " == *" ${1:-} "* ]] || die "Which server? One of: ${SERVERS[*]}"
}

# One command at a time per folder: descriptor 9 holds the lock until this script ends or takes another lock.
lock() { # <folder>
  mkdir -p "$1"
  exec 9>"$1/.lock"
  flock -n 9 && return
  echo "waiting for another stack.sh in $1"
  flock -w 600 9 || die "Another stack.sh has been running in $1 for 10 minutes."
}

must_have_space() { # <MB> <folder>
  local free
  mkdir -p "$2"
  free=$(df -Pm "$2" | awk 'NR == 2 { print $4 }')
  ((free >= $1)) || die "Only $free MB are free on the disk of $2; $1 MB are needed." \
    "Free some, or point FOOTFALL_STACK_DIR and FOOTFALL_CACHE_DIR elsewhere."
}

everything_installed() {
  [[ -z $(packages_for_downloads)$(packages_for_later) ]] && kafka_installed && clickhouse_installed
}

install_all() {
  if everything_installed; then return; fi
  # Two stacks of one checkout share the downloads: the second waits here and finds them complete.
  lock "$CACHE"
  must_have_space "$DISK_FOR_INSTALL_MB" "$CACHE"

  local first later again='Fix the cause above, then run the same command again.'
  mapfile -t first < <(packages_for_downloads)
  mapfile -t later < <(packages_for_later)
  if ((${#first[@]} + ${#later[@]})); then
    packages_ask "${first[@]}" "${later[@]}"
    task packages packages_install "${first[@]}" "${later[@]}"
  fi
  # Downloads run in parallel with the packages, unless they need one of the packages.
  if ((${#first[@]})); then tasks_wait || die '' "$again"; fi
  kafka_installed || task 'kafka download' kafka_install
  clickhouse_installed || task 'clickhouse download' clickhouse_install
  tasks_wait || die '' "$again"
  everything_installed || die "Installed, but not found: $(packages_for_downloads) $(packages_for_later)" \
    "Perhaps an older program of that name comes first on the PATH."
}

install_for_observing() {
  local missing
  mapfile -t missing < <(packages_for_observing)
  if ((${#missing[@]})); then
    packages_ask "${missing[@]}"
    task packages packages_install "${missing[@]}"
    tasks_wait || die '' 'Fix the cause above, then run the same command again.'
  fi
  kafka_exporter_installed || task 'kafka exporter' kafka_exporter_install
  tasks_wait || die '' 'Fix the cause above, then run the same command again.'
}

start_server() { # <server>: returns when it answers
  local server=$1 kind port deadline pid
  kind=$(kind "$server")
  if pid=$(pid_of "$server"); then
    if "${kind}_ready" "$server"; then
      echo "running on $("${kind}_address" "$server")"
      return
    fi
  else
    for port in $("${kind}_ports" "$server"); do port_must_be_free "$port" "$server"; done
    "${kind}_configure" "$server"
    spawn "$server"
    echo "starting"
  fi
  deadline=$((SECONDS + START_TIMEOUT))
  until "${kind}_ready" "$server"; do
    if ! pid_of "$server" >/dev/null; then
      die "$server ended while starting." "$(last_log_lines "$server")"
    elif ((SECONDS >= deadline)); then
      die "$server (process $(pid_of "$server")) does not answer on $("${kind}_address" "$server") after $START_TIMEOUT s." \
        "$(last_log_lines "$server")" "To restart it: stack.sh kill $server, then stack.sh up"
    fi
    sleep 0.1
  done
  echo "ready on $("${kind}_address" "$server")"
}

remember_port() {
  local server recorded
  recorded=$(cat "$STACK/port" 2>/dev/null || echo "$BASE")
  if [[ $recorded != "$BASE" ]]; then
    for server in "${SERVERS[@]}"; do
      ! pid_of "$server" >/dev/null \
        || die "This stack runs on ports from $recorded, not $BASE: stack.sh down first, or use another FOOTFALL_STACK_DIR."
    done
  fi
  echo "$BASE" >"$STACK/port"
}

up() {
  install_all
  lock "$STACK"
  must_have_space "$DISK_FOR_UP_MB" "$STACK"
  load_secrets
  make_certificates
  local server began
  began=$(now_ms)
  remember_port
  for server in "${SERVERS[@]}"; do
    if external "$server"; then
      say "$server" "set by the environment: not started"
    else
      task "$server" start_server "$server"
    fi
  done
  tasks_wait || die '' "Not every server started. The others still run: stack.sh down stops them."
  write_environment
  say 'stack' "up; addresses in $STACK/stack.env" "$(seconds_since "$began")"
}

down() {
  [[ -d $STACK ]] || return 0
  lock "$STACK"
  local server
  for server in "${SERVERS[@]}"; do
    if pid_of "$server" >/dev/null; then
      task "$server" stop_server "$server"
    else
      rm -f "$STACK/run/$server.pid"
    fi
  done
  tasks_wait
}

stop_server() {
  "$(kind "$1")_stop" "$1"
  echo stopped
}

wipe() {
  down
  postgres_wipe
  # Removes only the stack's own files, in case FOOTFALL_STACK_DIR names a folder with other files.
  local name
  for name in "${SERVERS[@]}" run logs port secrets stack.env certificates imported observed prometheus .lock; do rm -rf "${STACK:?}/$name"; done
  rmdir "$STACK" 2>/dev/null || true
  say stack "removed from $STACK"
}

status() {
  load_secrets_if_any
  local server kind pid detail missing=0
  for server in "${SERVERS[@]}"; do
    kind=$(kind "$server")
    if external "$server"; then
      say "$server" "set by the environment"
    elif ! pid=$(pid_of "$server"); then
      line fail "$server" stopped
      missing=1
    else
      detail="$("${kind}_address" "$server")  process $pid, $(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status") MB"
      if "${kind}_ready" "$server"; then
        say "$server" "$detail"
      else
        line fail "$server" "$detail: no answer"
        missing=1
      fi
    fi
  done
  return "$missing"
}

logs() { # [server]
  local files=("$STACK"/logs/"${1:-}"*.log)
  [[ -e ${files[0]} ]] || die "No logs in $STACK/logs yet."
  tail -n 50 "${files[@]}"
}

case ${1:-} in
  install)
    install_all
    [[ ${2:-} != observe ]] || install_for_observing
    say install complete
    ;;
  up) up ;;
  down) down ;;
  status) status ;;
  env) cat "$STACK/stack.env" 2>/dev/null || die "No stack in $STACK yet: stack.sh up" ;;
  logs)
    [[ -z ${2:-} ]] || must_be_server "$2"
    logs "${2:-}"
    ;;
  wipe) wipe ;;
  start)
    must_be_server "${2:-}"
    lock "$STACK"
    load_secrets
    remember_port
    task "$2" start_server "$2"
    tasks_wait
    ;;
  stop)
    must_be_server "${2:-}"
    lock "$STACK"
    task "$2" stop_server "$2"
    tasks_wait
    ;;
  kill)
    must_be_server "${2:-}"
    lock "$STACK"
    kill_process "$2"
    say "$2" killed
    ;;
  run) # used by up in a separate process, which becomes the server
    must_be_server "${2:-}"
    load_secrets
    record "$2" $$
    "$(kind "$2")_run" "$2"
    ;;
  *)
    usage
    [[ ${1:-} == -h || ${1:-} == --help || ${1:-} == help ]] || exit 2
    ;;
esac
