#!/usr/bin/env bash
# Prints new passwords for compose.yaml, and the addresses that the services read.
set -euo pipefail

password() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

postgres=$(password)
redis=$(password)
cat <<TEXT
POSTGRES_ADMIN_PASSWORD=$(password)
POSTGRES_PASSWORD=$postgres
POSTGRES_PLATFORM_LOGIN=footfall_platform:$(password)
POSTGRES_TENANT_LOGIN=footfall_tenant:$(password)
POSTGRES_LEDGER_LOGIN=footfall_ledger:$(password)
REDIS_PASSWORD=$redis
FOOTFALL__DATA_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.footfall
FOOTFALL__KAFKA__BROKERS=127.0.0.1:17000
FOOTFALL__POSTGRES__URL=postgres://footfall:$postgres@127.0.0.1:17040/footfall
FOOTFALL__REDIS__URL=redis://:$redis@127.0.0.1:17030/0
FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY=$(head -c 32 /dev/urandom | base64)
TEXT
port=17010
for cluster in SHARED DEDICATED; do
  cat <<TEXT
FOOTFALL__CLUSTERS__${cluster}__URL=http://127.0.0.1:$port
FOOTFALL__CLUSTERS__${cluster}__WRITER_USER=footfall_writer
FOOTFALL__CLUSTERS__${cluster}__WRITER_PASSWORD=$(password)
FOOTFALL__CLUSTERS__${cluster}__READER_USER=footfall_reader
FOOTFALL__CLUSTERS__${cluster}__READER_PASSWORD=$(password)
TEXT
  port=$((port + 10))
done
