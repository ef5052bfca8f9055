# Starts, recognises and stops the stack's server processes. Sourced by stack.sh.
# shellcheck shell=bash
#
# A process belongs to the stack if its id, its start time and the machine's boot id are those recorded
# at its start: an id that the system has reused for another process never matches.

identity() { # <pid>: "pid start-time boot-id"; fails if there is no such live process
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # After the name in parentheses: the state is field 1, the start time field 20.
  local fields
  read -r -a fields <<<"${stat##*) }"
  [[ ${fields[0]} != [ZX] ]] || return 1
  echo "$1 ${fields[19]} $(cat /proc/sys/kernel/random/boot_id)"
}

pid_of() { # <server>: its process id, if it runs and belongs to the stack
  local recorded pid
  recorded=$(cat "$STACK/run/$1.pid" 2>/dev/null) || return 1
  pid=${recorded%% *}
  [[ -n $pid && $(identity "$pid" || true) == "$recorded" ]] || return 1
  echo "$pid"
}

# Starts a server in its own session, so that Ctrl-C in the caller's terminal does not reach it, and
# without the lock's descriptor (9), so that the lock ends with this script and not with the server.
spawn() { # <server>
  local server=$1 log
  mkdir -p "$STACK/run" "$STACK/logs"
  for log in "$STACK/logs/$server".{log,engine.log}; do
    [[ ! -e $log ]] || mv "$log" "$log.previous"
  done
  # Appends, so that truncating a large log does not leave a hole in it.
  setsid "$BASH" "$LOCAL/stack.sh" run "$server" >>"$STACK/logs/$server.log" 2>&1 </dev/null 9>&- &
  record "$server" $!
}

# Called by both sides of a start: by the script that waits for the server, and by the process that
# becomes it, so that a start interrupted between the two is still recorded.
record() { # <server> <pid>
  local part=$STACK/run/$1.pid.$BASHPID
  if identity "$2" >"$part"; then mv "$part" "$STACK/run/$1.pid"; else rm -f "$part"; fi
}

port_must_be_free() { # <port> <what for>
  local owner='' attempt
  for attempt in {1..20}; do # the port of a killed process closes a moment later
    (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null || return 0
    ((attempt == 20)) || sleep 0.1
  done
  if command -v ss >/dev/null; then
    owner=$(ss -ltnpH "sport = :$1" 2>/dev/null | grep -o '("[^)]*' | head -n 1 | sed 's/[("]//g; s/,fd=.*//; s/,/, /') || true
  fi
  die "Port $1 on $HOST, needed for $2, is in use${owner:+ by $owner}." \
    "Stop that process, or choose other ports: FOOTFALL_STACK_PORT=<base> (now $BASE; base to base+53 are used)."
}

stop_process() { # <server> <signal>: returns when it has ended
  local server=$1 pid deadline
  pid=$(pid_of "$server") || { rm -f "$STACK/run/$server.pid"; return 0; }
  kill "-$2" "$pid" 2>/dev/null || true
  deadline=$((SECONDS + STOP_TIMEOUT))
  while pid_of "$server" >/dev/null; do
    if ((SECONDS >= deadline)); then
      echo "did not stop within $STOP_TIMEOUT s: killed"
      kill_process "$server"
      return 0
    fi
    sleep 0.05
  done
  rm -f "$STACK/run/$server.pid"
}

kill_process() { # <server>: kill -9, children included, as in a crash of the machine
  local server=$1 pid children
  pid=$(pid_of "$server") || return 0
  children=$(cat "/proc/$pid/task/"*/children 2>/dev/null || true)
  # shellcheck disable=SC2086  # a list of process ids
  kill -KILL "$pid" $children 2>/dev/null || true
  while pid_of "$server" >/dev/null; do sleep 0.05; done
  rm -f "$STACK/run/$server.pid"
}

# Prints the end of a server's logs, for an error message.
last_log_lines() { # <server>
  local file
  for file in "$STACK/logs/$1".log "$STACK/logs/$1".engine.log; do
    [[ -s $file ]] || continue
    echo "--- last lines of $file"
    tail -n 20 "$file" | cut -c 1-300
  done
}
