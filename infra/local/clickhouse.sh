# ClickHouse: `clickhouse server` if it is on the PATH, else the same engine from a library. Sourced by
# stack.sh. Two servers, clickhouse-shared and clickhouse-dedicated, differ in folder, ports and memory.
# shellcheck shell=bash

# Debian's package of that name is from 2018; only a current version is used.
clickhouse_native() {
  local version
  command -v clickhouse >/dev/null || return 1
  version=$(clickhouse local --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -n 1) || return 1
  [[ -n $version ]] && ((${version%%.*} >= CLICKHOUSE_MIN))
}

clickhouse_platform() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo linux-x64-gnu ;;
    Linux-aarch64) echo linux-arm64-gnu ;;
    *) die "There is no ClickHouse library for $(uname -s) $(uname -m): install ClickHouse so that 'clickhouse' is on the PATH, or use compose.yaml." ;;
  esac
}

clickhouse_home() { echo "$CACHE/clickhouse-$CHDB_VERSION"; }

clickhouse_installed() { clickhouse_native || [[ -e $(clickhouse_home)/.complete ]]; }

clickhouse_install() {
  local platform home part package=0 seen
  platform=$(clickhouse_platform) home=$(clickhouse_home) part=$(clickhouse_home).part
  rm -rf "$home" "$part"
  mkdir -p "$part/npm"
  cd "$part" || exit

  # npm downloads into its cache first: a private cache shows the progress, and can be removed afterwards.
  npm pack --loglevel=error --cache "$part/npm" "@chdb/lib-$platform@$CHDB_VERSION" >npm.out 2>npm.err &
  package=$!
  while kill -0 "$package" 2>/dev/null; do
    seen=$(du -sm npm 2>/dev/null | cut -f 1) || true
    echo "downloading, ${seen:-0} of about 170 MB"
    sleep 0.5
  done
  wait "$package" || {
    cat npm.err
    die "npm could not fetch the ClickHouse library. Is the network there, and the npm registry reachable for npm?"
  }

  # npm has compared the file with the registry's checksum; this compares it with the pinned one.
  local file pinned=${CHDB_INTEGRITY[$platform]:-} seen_sum
  file=$(echo ./*.tgz)
  echo "checking"
  seen_sum=sha512-$(sha512sum "$file" | cut -c 1-128 | tr a-f A-F | basenc --base16 -d | base64 -w 0)
  [[ -z $pinned || $pinned == "$seen_sum" ]] || die "$file is not the file pinned in settings.sh (its SHA-512 differs)."
  echo "unpacking"
  tar -xzf "$file" package/libchdb.so
  mv package/libchdb.so .
  rm -rf package npm npm.out npm.err "$file"
  touch .complete
  mv "$part" "$home"
  echo "$CHDB_VERSION, $(du -sm "$home" | cut -f 1) MB"
}

clickhouse_address() { # <server>
  local scheme=http
  if with_tls; then scheme=https; fi
  echo "$scheme://$HOST:${CLICKHOUSE_HTTP_PORT[$1]}"
}

clickhouse_ports() {
  echo "${CLICKHOUSE_HTTP_PORT[$1]} ${CLICKHOUSE_TCP_PORT[$1]}"
  if with_tls; then clickhouse_plain_port "$1"; fi
}

# With TLS, the embedded engine listens here: only terminator.py connects to it.
clickhouse_plain_port() { echo $((CLICKHOUSE_TCP_PORT[$1] + 1)); }

clickhouse_password() { # <server> <writer|reader>
  local name=${1#clickhouse-}
  name=CLICKHOUSE_${name^^}_${2^^}_PASSWORD
  echo "${!name}"
}

# The engine of the library stores no row policies and reads these files once, when it starts. So a database that
# it does not know yet is confined from its next start on; those of tenants/ and of the tests are named in advance.
clickhouse_row_policies() { # <data folder>: prints the row policies of databases of one tenant
  local database
  echo '<clickhouse><users><footfall_reader><databases>'
  for database in $(clickhouse_own_databases "$1" | sort -u); do
    printf '    <%s><table name=""><filter>%s</filter></table></%s>\n' \
      "$database" "client_id = getSetting('log_comment')" "$database"
  done
  echo '</databases></footfall_reader></users></clickhouse>'
}

clickhouse_own_databases() { # <data folder>: prints databases of one tenant
  local file
  printf '%s\n' tenant_wall_rows tenant_wall_tables
  grep -hm1 '^id = "[a-z0-9-]*"$' "$REPO"/tenants/*.toml | sed 's/^id = "\(.*\)"$/tenant_\1/; y/-/_/'
  for file in "$1"/metadata/tenant_*.sql; do
    if [[ $file =~ /(tenant_[a-z0-9_]+)\.sql$ && -e $file ]]; then echo "${BASH_REMATCH[1]}"; fi
  done
}

clickhouse_configure() { # <server>
  local home=$STACK/$1 http_port=${CLICKHOUSE_HTTP_PORT[$1]}
  if with_tls && ! clickhouse_native; then http_port=$(clickhouse_plain_port "$1"); fi
  mkdir -p "$home/etc/config.d" "$home/etc/users.d" "$home/data" "$home/backups"
  cp "$LOCAL/clickhouse/config.xml" "$LOCAL/clickhouse/users.xml" "$home/etc/"
  render "$LOCAL/clickhouse/local.xml" HOST "$HOST" HTTP_PORT "$http_port" \
    TCP_PORT "${CLICKHOUSE_TCP_PORT[$1]}" DATA "$home/data" BACKUPS "$home/backups" LOG "$STACK/logs/$1.engine.log" >"$home/etc/config.d/local.xml"
  rm -f "$home/etc/users.d/embedded.xml" "$home/etc/users.d/databases.xml" "$home/etc/config.d/tls.xml"
  if with_tls && clickhouse_native; then
    render "$LOCAL/clickhouse/tls.xml" HTTPS_PORT "${CLICKHOUSE_HTTP_PORT[$1]}" CERTIFICATES "$CERTIFICATES" \
      >"$home/etc/config.d/tls.xml"
  fi
  if ! clickhouse_native; then
    cp "$LOCAL/clickhouse/embedded.xml" "$home/etc/users.d/"
    clickhouse_row_policies "$home/data" >"$home/etc/users.d/databases.xml"
    [[ $home/clickhouse-server -nt $LOCAL/clickhouse/launcher.c ]] || gcc -O1 -Wall -Wextra -o "$home/clickhouse-server" "$LOCAL/clickhouse/launcher.c" -ldl
  fi
}

clickhouse_run() { # <server>
  FOOTFALL_CLICKHOUSE_MEMORY=${CLICKHOUSE_MEMORY[$1]}
  FOOTFALL_CLICKHOUSE_WRITER_PASSWORD=$(clickhouse_password "$1" writer)
  FOOTFALL_CLICKHOUSE_READER_PASSWORD=$(clickhouse_password "$1" reader)
  export FOOTFALL_CLICKHOUSE_MEMORY FOOTFALL_CLICKHOUSE_WRITER_PASSWORD FOOTFALL_CLICKHOUSE_READER_PASSWORD
  cd "$STACK/$1" || exit
  if clickhouse_native; then
    exec clickhouse server --config-file="$PWD/etc/config.xml"
  fi
  if with_tls; then
    python3 "$LOCAL/clickhouse/terminator.py" "$HOST" "${CLICKHOUSE_HTTP_PORT[$1]}" "$(clickhouse_plain_port "$1")" "$CERTIFICATES" &
  fi
  exec ./clickhouse-server "$(clickhouse_home)/libchdb.so" "$PWD/etc/config.xml"
}

# Healthy when it accepts this stack's password: another server on this port would not.
clickhouse_ready() { # <server>
  local trusted=()
  if with_tls; then trusted=(--cacert "$CERTIFICATES/ca.pem"); fi
  [[ $(curl -s -m 2 "${trusted[@]}" --config - "$(clickhouse_address "$1")/?query=SELECT%201" 2>/dev/null \
    <<<"user = footfall_writer:$(clickhouse_password "$1" writer)") == 1 ]]
}

clickhouse_stop() { stop_process "$1" TERM; }
