#!/usr/bin/env bash
# Makes a certificate authority, and certificates of it for the servers of this machine (server) and for their
# clients (client): certificates.sh FOLDER. Run again, it keeps the authority and replaces the certificates.
# They last 30 days and are for tests and trials.
set -euo pipefail

umask 077
mkdir -p "$1"
cd "$1"

KEY=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

if [[ ! -e ca.pem ]]; then
  openssl req -x509 "${KEY[@]}" -days 30 -subj '/CN=Footfall test authority' \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem 2>/dev/null
fi

for name in server client; do
  openssl req "${KEY[@]}" -subj "/CN=footfall-$name" -keyout "$name.key.part" -out "$name.csr" 2>/dev/null
  openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -days 30 \
    -out "$name.pem.part" 2>/dev/null -extfile <(
      echo 'basicConstraints=CA:FALSE'
      echo 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
      echo 'extendedKeyUsage=serverAuth,clientAuth'
    )
  rm "$name.csr"
  # Kafka reads both from one file.
  cat "$name.key.part" "$name.pem.part" >"$name.both.pem"
  mv "$name.key.part" "$name.key"
  mv "$name.pem.part" "$name.pem"
done
