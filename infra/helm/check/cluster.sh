# A control plane of Kubernetes on this machine, with simulated nodes and pods: start_cluster, stop_cluster. Sourced.
# It listens on loopback only, from the port of FOOTFALL_KUBE_PORT (26000) on; nobody else's processes are touched.
# shellcheck shell=bash

PORT=${FOOTFALL_KUBE_PORT:-26000}
PROGRAMS=()

begin() { # <name> <command…>: starts a program in the background, with a log
  local name=$1
  shift
  "$@" >"$RUN/$name.log" 2>&1 &
  PROGRAMS+=($!)
}

# In the reverse order, so that nobody misses the others.
stop_cluster() {
  local index pid
  for ((index = ${#PROGRAMS[@]} - 1; index >= 0; index--)); do
    pid=${PROGRAMS[index]}
    kill "$pid" 2>/dev/null || continue
    for _ in {1..50}; do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  PROGRAMS=()
}

wait_for() { # <seconds> <what> <command…>: until the command succeeds
  local seconds=$1 what=$2 end
  shift 2
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= end)); then
      # Once more, to say why.
      "$@" >&2 && return
      die "Waited $seconds seconds for: $what"
    fi
    sleep 0.2
  done
}

start_cluster() { # <folder of programs> <etcd> <kwok> <kwok's stages>
  local programs=$1 etcd=$2 kwok=$3 stages=$4 token
  local store=http://127.0.0.1:$PORT server=https://127.0.0.1:$((PORT + 2))
  token=$(head -c 24 /dev/urandom | base64 | tr -dc a-zA-Z0-9)
  openssl genrsa -out "$RUN/accounts.key" 2048 2>/dev/null
  (umask 077 && echo "$token,operator,operator,system:masters" >"$RUN/tokens.csv")

  begin etcd "$etcd" --name check --data-dir "$RUN/etcd" --unsafe-no-fsync --logger zap \
    --listen-client-urls "$store" --advertise-client-urls "$store" \
    --listen-peer-urls "http://127.0.0.1:$((PORT + 1))" --initial-advertise-peer-urls "http://127.0.0.1:$((PORT + 1))" \
    --initial-cluster "check=http://127.0.0.1:$((PORT + 1))"
  # An address of documentation: a server on loopback has none that could be advertised.
  # Without WatchList: for it, Debian's etcd is too old, so the server would answer every watch of kwok with an error, and
  # simulated pods would start only when kwok lists them, each quarter of a minute.
  begin kube-apiserver "$programs/kube-apiserver" --etcd-servers="$store" --cert-dir="$RUN/certificates" \
    --bind-address=127.0.0.1 --secure-port=$((PORT + 2)) --advertise-address=192.0.2.1 --endpoint-reconciler-type=none \
    --service-cluster-ip-range=10.96.0.0/16 --service-account-issuer=https://check.footfall.example \
    --service-account-key-file="$RUN/accounts.key" --service-account-signing-key-file="$RUN/accounts.key" \
    --token-auth-file="$RUN/tokens.csv" --authorization-mode=RBAC --disable-admission-plugins=ServiceAccount \
    --feature-gates=WatchList=false \
    --allow-privileged=true # so that the namespace's level of pod security refuses such pods, not the server

  export KUBECONFIG=$RUN/kubeconfig
  cat >"$KUBECONFIG" <<YAML
apiVersion: v1
kind: Config
clusters: [{ name: check, cluster: { server: "$server", insecure-skip-tls-verify: true } }]
users: [{ name: operator, user: { token: "$token" } }]
contexts: [{ name: check, context: { cluster: check, user: operator } }]
current-context: check
YAML
  wait_for 120 "the API server (see $RUN/kube-apiserver.log)" kubectl get --raw /readyz

  begin kube-controller-manager "$programs/kube-controller-manager" --kubeconfig="$KUBECONFIG" --leader-elect=false \
    --bind-address=127.0.0.1 --secure-port=$((PORT + 3)) --cert-dir="$RUN/certificates-controllers" \
    --service-account-private-key-file="$RUN/accounts.key" --horizontal-pod-autoscaler-sync-period=2s
  begin kube-scheduler "$programs/kube-scheduler" --kubeconfig="$KUBECONFIG" --leader-elect=false \
    --bind-address=127.0.0.1 --secure-port=$((PORT + 4)) --cert-dir="$RUN/certificates-scheduler"
  begin kwok "$kwok" --kubeconfig="$KUBECONFIG" --config="$stages" --manage-all-nodes=true \
    --node-lease-duration-seconds=40 --server-address="127.0.0.1:$((PORT + 5))"
}
