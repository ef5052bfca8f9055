# The Debian packages that the stack and the Rust build need: only missing ones are installed.
# Sourced by stack.sh.
# shellcheck shell=bash

java_new_enough() {
  local version
  version=$(java -version 2>&1 | grep -oE '"[0-9]+' | tr -d '"' | head -n 1) || return 1
  [[ -n $version ]] && ((version >= JAVA_MIN))
}

library_present() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Needed before Kafka and ClickHouse can be fetched.
packages_for_downloads() { # prints the missing ones
  kafka_installed || command -v mvn >/dev/null || echo maven
  java_new_enough || echo default-jre-headless
  command -v curl >/dev/null || echo curl
  command -v openssl >/dev/null || echo openssl
  command -v gcc >/dev/null && command -v g++ >/dev/null && command -v make >/dev/null || echo build-essential
  clickhouse_installed || command -v npm >/dev/null || echo npm
}

# Needed later: the two servers, the libraries that Rust crates link against, and Python for tests/contract.
packages_for_later() { # prints the missing ones
  local name
  command -v redis-server >/dev/null && command -v redis-cli >/dev/null || echo redis-server
  postgres_bin >/dev/null && command -v psql >/dev/null || echo postgresql
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  command -v dpkg-query >/dev/null || return 0
  for name in pkg-config libssl-dev zlib1g-dev libzstd-dev; do
    library_present "$name" || echo "$name"
  done
}

# Needed for web/browser only: a browser without a screen, fonts of many scripts, and npm, which installs the
# pinned Node and the tests' libraries.
packages_for_browser() { # prints the missing ones
  command -v chromium-headless-shell >/dev/null || echo chromium-headless-shell
  command -v npm >/dev/null || echo npm
  command -v dpkg-query >/dev/null || return 0
  library_present fonts-noto-core || echo fonts-noto-core
}

# Needed by observe.sh only.
packages_for_observing() { # prints the missing ones
  command -v prometheus >/dev/null && command -v promtool >/dev/null || echo prometheus
  command -v prometheus-alertmanager >/dev/null || echo prometheus-alertmanager
  command -v prometheus-redis-exporter >/dev/null || echo prometheus-redis-exporter
  command -v prometheus-postgres-exporter >/dev/null || echo prometheus-postgres-exporter
  kafka_exporter_installed || command -v mvn >/dev/null || echo maven
}

as_root() { if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi; }

# Asks for root in the foreground, since the installation itself runs without a terminal.
packages_ask() { # <packages…>
  command -v apt-get >/dev/null \
    || die "Missing here: $*" "Without apt-get they cannot be installed for you: install their equivalents, or use compose.yaml."
  ((EUID == 0)) && return
  command -v sudo >/dev/null || die "Missing here: $*" "Install them as root: apt-get install $*"
  echo "Installing $* needs root:"
  sudo -v || die "Install them as root: apt-get install $*"
}

packages_install() { # <packages…>
  local policy=/usr/sbin/policy-rc.d made=0
  # Debian starts a system-wide PostgreSQL and Redis at installation, unless this file forbids it.
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    made=1
  fi
  local code=0
  {
    as_root apt-get -q update \
      && as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold install "$@"
  } || code=$?
  if ((made)); then as_root rm -f "$policy"; fi
  ((code == 0)) || die "apt-get could not install: $*" "Is the network there? See the reason above."
  echo "$*"
}
