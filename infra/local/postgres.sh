# PostgreSQL: a private instance from the installed server binaries. Sourced by stack.sh.
# shellcheck shell=bash
#
# The server refuses to run as root; then it runs as the user `postgres`, which needs an accessible
# folder: the stack's own if possible, else one under /var/tmp, recorded in postgres/folder.

POSTGRES_LOGINS=(platform tenant ledger)

postgres_bin() { # prints the folder with the newest server binaries of at least POSTGRES_MIN
  local folder version
  for folder in "$(pg_config --bindir 2>/dev/null || true)" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t / -k 5 -n -r); do
    [[ -x $folder/initdb && -x $folder/postgres ]] || continue
    version=$("$folder/postgres" --version | grep -oE '[0-9]+' | head -n 1)
    if ((version >= POSTGRES_MIN)); then
      echo "$folder"
      return
    fi
  done
  return 1
}

postgres_user() { # <command…>: exactly this process, not a child of it, as the user the server runs as
  if ((EUID == 0)); then
    HOME=/ exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
  else
    exec "$@"
  fi
}

postgres_folder() { # prints the folder of data/, created if necessary
  local home=$STACK/postgres folder
  mkdir -p "$home"
  if [[ -e $home/folder ]]; then
    folder=$(cat "$home/folder")
    # A temporary folder may have been removed; then a new one is created below.
    [[ -d $folder ]] && echo "$folder" && return
  fi
  folder=$home
  if ((EUID == 0)) && ! (cd / && postgres_user test -x "$home"); then
    folder=$(mktemp -d /var/tmp/footfall-postgres.XXXXXX)
    chmod 711 "$folder"
  fi
  echo "$folder" >"$home/folder"
  echo "$folder"
}

postgres_address() { echo "$HOST:$POSTGRES_PORT"; }
postgres_ports() { echo "$POSTGRES_PORT"; }

postgres_configure() {
  local folder bin
  folder=$(postgres_folder)
  postgres_certificates "$folder"
  if [[ -d $folder/data ]]; then
    postgres_forget_the_dead "$folder/data/postmaster.pid"
    postgres_has_logins || postgres_create_logins "$folder/data"
    return
  fi
  bin=$(postgres_bin)
  echo "preparing the database"

  # Created under another name and moved when complete, so that an interrupted start leaves nothing partial.
  local part=$folder/data.part password=$folder/password.part
  rm -rf "$part"
  mkdir -m 700 "$part"
  install -m 600 /dev/null "$password"
  echo "$POSTGRES_ADMIN_PASSWORD" >"$password"
  ((EUID != 0)) || chown postgres: "$part" "$password"
  (cd "$folder" && postgres_user "$bin/initdb" -D "$part" --no-sync --encoding=UTF8 --locale=C.UTF-8 \
    --username=postgres --auth=scram-sha-256 --pwfile="$password")
  rm "$password"

  # The single-user mode reads one statement per line and needs no listening server. The role `footfall` owns the
  # database and may create others (tests do). It is not a superuser, because row security does not bind superusers.
  (cd "$folder" && postgres_user "$bin/postgres" --single -D "$part" postgres >/dev/null <<SQL
CREATE ROLE footfall LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB PASSWORD '$POSTGRES_PASSWORD'
CREATE DATABASE footfall OWNER footfall
SQL
  )
  postgres_create_logins "$part"
  mv "$part" "$folder/data"
}

# The server reads a key only if it belongs to its user. Connections without TLS are refused.
postgres_certificates() { # <folder>
  local owner=()
  with_tls || return 0
  if ((EUID == 0)); then owner=(-o postgres -g postgres); fi
  install -m 600 "${owner[@]}" "$CERTIFICATES"/{ca.pem,server.pem,server.key} "$1/"
  echo 'hostssl all all 127.0.0.1/32 scram-sha-256' >"$1/pg_hba.conf"
  chmod 644 "$1/pg_hba.conf"
}

# The services' logins, whose rights `footfall migrate` grants. The owner is a member of each, so that a test can end
# the sessions of its own database.
postgres_create_logins() { # <data folder>
  local folder login password
  folder=$(dirname "$1")
  (
    cd "$folder"
    for login in "${POSTGRES_LOGINS[@]}"; do
      password=POSTGRES_${login^^}_PASSWORD
      echo "CREATE ROLE footfall_$login LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '${!password}'"
      echo "GRANT footfall_$login TO footfall"
    done | postgres_user "$(postgres_bin)/postgres" --single -D "$1" postgres >/dev/null
  )
  touch "$folder/logins"
}

# Not those of a server that has been running since before it had them.
postgres_has_logins() { [[ -e $(cat "$STACK/postgres/folder" 2>/dev/null)/logins ]]; }

# A killed server leaves this file, and PostgreSQL mistakes any process with that id, even a zombie, for a
# running server.
postgres_forget_the_dead() { # <postmaster.pid>
  [[ -e $1 ]] || return 0
  local pid
  pid=$(head -n 1 "$1")
  if ! identity "$pid" >/dev/null || [[ $(cat "/proc/$pid/comm") != postgres ]]; then rm -f "$1"; fi
}

postgres_run() {
  local folder tls=()
  folder=$(postgres_folder)
  cd "$folder" || exit
  if with_tls; then
    tls=(-c ssl=on -c ssl_cert_file="$folder/server.pem" -c ssl_key_file="$folder/server.key"
      -c ssl_ca_file="$folder/ca.pem" -c hba_file="$folder/pg_hba.conf")
  fi
  postgres_user "$(postgres_bin)/postgres" -D "$folder/data" "${tls[@]}" \
    -c port="$POSTGRES_PORT" -c listen_addresses="$HOST" -c unix_socket_directories= \
    -c max_connections=200 -c synchronous_commit=on -c password_encryption=scram-sha-256 \
    -c shared_buffers=128MB -c logging_collector=off -c log_min_messages=warning -c log_checkpoints=off
}

postgres_ready() {
  PGPASSWORD=$POSTGRES_PASSWORD PGCONNECT_TIMEOUT=2 psql -h "$HOST" -p "$POSTGRES_PORT" -U footfall -d footfall \
    -X -q -A -t -c 'SELECT 1' >/dev/null 2>&1
}

postgres_stop() { stop_process postgres INT; } # "fast": ends connections, then writes a checkpoint

postgres_wipe() {
  local folder
  folder=$(cat "$STACK/postgres/folder" 2>/dev/null) || return 0
  [[ $folder == /var/tmp/footfall-postgres.?????? ]] && rm -rf "$folder"
  return 0
}
