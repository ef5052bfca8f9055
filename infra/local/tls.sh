# The stack with TLS: every server takes connections with TLS only. Sourced by stack.sh.
# shellcheck shell=bash

with_tls() { [[ ${FOOTFALL_TEST_TLS:-0} == 1 ]]; }

CERTIFICATES=$STACK/certificates

make_certificates() {
  with_tls || return 0
  if [[ -e $CERTIFICATES/trusted.pem ]]; then
    # A stack may be started again weeks later.
    openssl x509 -noout -checkend 86400 -in "$CERTIFICATES/server.pem" >/dev/null && return
    rm -rf "$CERTIFICATES"
  fi
  "$LOCAL/certificates.sh" "$CERTIFICATES"
  # Tools that a test runs, such as cargo, also connect to servers of others.
  cat /etc/ssl/certs/ca-certificates.crt "$CERTIFICATES/ca.pem" >"$CERTIFICATES/trusted.pem" 2>/dev/null || true
}

# The settings with which Footfall trusts the servers, shows them its own certificate and serves TLS itself.
tls_environment() {
  local link listener
  with_tls || return 0
  echo "FOOTFALL__KAFKA__SECURITY_PROTOCOL=sasl_ssl"
  echo "FOOTFALL__KAFKA__SASL__MECHANISM=PLAIN"
  echo "FOOTFALL__KAFKA__SASL__USER=footfall"
  echo "FOOTFALL__KAFKA__SASL__PASSWORD=$KAFKA_PASSWORD"
  for link in KAFKA POSTGRES REDIS CLICKHOUSE; do
    echo "FOOTFALL__${link}__TLS__CA_FILE=$CERTIFICATES/ca.pem"
    echo "FOOTFALL__${link}__TLS__CERTIFICATE_FILE=$CERTIFICATES/client.pem"
    echo "FOOTFALL__${link}__TLS__KEY_FILE=$CERTIFICATES/client.key"
  done
  for listener in API COLLECTOR METRICS; do
    echo "FOOTFALL__${listener}__TLS__CERTIFICATE_FILE=$CERTIFICATES/server.pem"
    echo "FOOTFALL__${listener}__TLS__KEY_FILE=$CERTIFICATES/server.key"
  done
  # What the clients of tests, and curl, trust. The test kit hides it from the processes of Footfall.
  echo "SSL_CERT_FILE=$CERTIFICATES/trusted.pem"
}
