#!/usr/bin/env bash
# Installs, upgrades, rolls back and drains the chart on a real control plane with simulated nodes: see the README.
# Started by check.sh kube.
set -euo pipefail

CHECK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CHART=$(dirname "$CHECK")/footfall
REPO=$(cd "$CHECK/../../.." && pwd)
CACHE=${FOOTFALL_CACHE_DIR:-$REPO/.footfall/cache}/helm
mkdir -p "$CACHE"
RUN=$(mktemp -d "$CACHE/cluster.XXXXXX")
# shellcheck source=tools.sh
. "$CHECK/tools.sh"
# shellcheck source=cluster.sh
. "$CHECK/cluster.sh"

finish() {
  local status=$?
  stop_cluster
  if ((status)); then
    # What the last command said.
    [[ ! -e $RUN/output ]] || cat "$RUN/output" >&2
    echo "The logs are in $RUN." >&2
  else
    rm -rf "$RUN"
  fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# --- What the tests say ---------------------------------------------------------------------------
test_of() { printf '\n%s\n' "$1"; }

holds() { # <sentence> <command…>
  local sentence=$1
  shift
  "$@" >"$RUN/output" 2>&1 || die "FAILED: $sentence"
  echo "  ✓ $sentence"
}

soon() { # <sentence> <command…>: within a minute
  local sentence=$1
  shift
  wait_for 60 "$sentence" "$@"
  echo "  ✓ $sentence"
}

refused() { # <sentence> <words of the refusal> <command…>
  local sentence=$1 words=$2
  shift 2
  if "$@" >"$RUN/output" 2>&1; then
    die "FAILED: $sentence: it was accepted."
  fi
  grep -q -- "$words" "$RUN/output" || die "FAILED: $sentence: the refusal does not say: $words"
  echo "  ✓ $sentence"
}

# --- What they ask --------------------------------------------------------------------------------
in_namespace() { kubectl --namespace footfall "$@"; }

field() { # <resource> <path> <value>: whether the field has the value
  local value
  value=$(in_namespace get "$1" -o "jsonpath={$2}") || return 1
  echo "$2 of $1 is ${value:-empty}"
  [[ $value == "$3" ]]
}

pods_of() { # <component> <phase>: names, one a line
  in_namespace get pods -l "app.kubernetes.io/component=$1" --field-selector "status.phase=$2" -o name
}

count_is() { # <component> <number>: whether so many pods run
  [[ $(pods_of "$1" Running | wc -l) == "$2" ]]
}

nodes_of() { # <component>: the nodes of its pods, without repetition; each is in a zone of its own
  in_namespace get pods -l "app.kubernetes.io/component=$1" -o jsonpath='{range .items[*]}{.spec.nodeName}{"\n"}{end}' | sort -u
}

in_every_zone() { [[ $(nodes_of "$1" | wc -l) == 3 ]]; }

has_pod() { [[ -n $(pods_of "$@") ]]; }

# The end of a pod that the kubelet would report; simulated pods run for ever.
end_pod() { # <pod> <container> <exit code> <message>
  local phase=Succeeded
  (($3 == 0)) || phase=Failed
  in_namespace patch "$1" --subresource=status --type=merge --patch "$(
    printf '{"status":{"phase":"%s","containerStatuses":[{"name":"%s","image":"","imageID":"","restartCount":0,"ready":false,"state":{"terminated":{"exitCode":%d,"message":"%s"}}}]}}' \
      "$phase" "$2" "$3" "$4"
  )"
}

pod_or_end() { # <process>: whether the migration has a pod, or the process has ended without one
  has_pod migrate Running || ! kill -0 "$1"
}

end_migration() { # <exit code> <message>: of the pod of the migration that runs
  wait_for 60 "a pod of the migration" has_pod migrate Running
  end_pod "$(pods_of migrate Running | head -n 1)" migrate "$1" "$2" >/dev/null
}

# Helm's options, with the values of the test.
RELEASE=(footfall "$CHART" --namespace footfall --values "$CHART/ci/minimal.yaml" --wait --timeout 3m)

upgrade_that_ends() { # <exit code of its migration> <message> <option…>
  local code=$1 message=$2 status=0 helm
  shift 2
  helm upgrade "${RELEASE[@]}" "$@" >"$RUN/upgrade" 2>&1 &
  helm=$!
  # If this script fails, helm ends with it.
  PROGRAMS+=("$helm")
  wait_for 60 "a pod of the migration, or the end of helm" pod_or_end "$helm"
  if has_pod migrate Running; then end_migration "$code" "$message"; fi
  wait "$helm" || status=$?
  unset 'PROGRAMS[-1]'
  cat "$RUN/upgrade"
  return "$status"
}

upgrade() { upgrade_that_ends 0 "" "$@"; }

# --- The platform ---------------------------------------------------------------------------------
node() { # <name> <zone>
  cat <<YAML
---
apiVersion: v1
kind: Node
metadata:
  name: $1
  labels: { kubernetes.io/hostname: $1, kubernetes.io/os: linux, topology.kubernetes.io/zone: $2, type: kwok }
  annotations: { kwok.x-k8s.io/node: fake }
status:
  capacity: { cpu: "16", memory: 64Gi, ephemeral-storage: 200Gi, pods: "110" }
  allocatable: { cpu: "16", memory: 64Gi, ephemeral-storage: 200Gi, pods: "110" }
YAML
}

volume() { # <name> <zone>: a disk that only nodes of its zone can mount
  cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: $1 }
spec:
  capacity: { storage: 20Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: disks
  local: { path: /disks/$1 }
  nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: topology.kubernetes.io/zone, operator: In, values: [$2] }] }] } }
YAML
}

platform() {
  local zone number
  for zone in a b c; do
    node "node-$zone" "zone-$zone"
    for number in 1 2 3; do volume "disk-$zone-$number" "zone-$zone"; done
  done
  cat <<'YAML'
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: disks, annotations: { storageclass.kubernetes.io/is-default-class: "true" } }
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: Namespace
metadata:
  name: footfall
  labels: { pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted }
---
apiVersion: v1
kind: Secret
metadata: { name: footfall-runtime, namespace: footfall }
stringData: { FOOTFALL__POSTGRES__URL: "postgres://footfall@postgres.stores.svc/footfall" }
---
apiVersion: v1
kind: Secret
metadata: { name: footfall-migrate, namespace: footfall }
YAML
}

strictly() { # reads manifests; fails at an unknown field, and at a warning
  kubectl --namespace footfall apply --server-side --dry-run=server --validate=strict --filename - 2>&1 | tee "$RUN/strict"
  [[ ${PIPESTATUS[0]} == 0 ]] && ! grep -q '^Warning' "$RUN/strict"
}

rendered() { helm template footfall "$CHART" --namespace footfall --kube-version "$(server_version)" --values "$1" "${@:2}"; }

server_version() { kubectl version -o json | sed -n '/serverVersion/,$ s/.*"gitVersion": "v\(.*\)",/\1/p'; }

dry_run() { # <file of values> <option…>
  rendered "$@" | strictly
}

misspelt() { rendered "$CHART/ci/minimal.yaml" | sed 's/whenScaled/whenScalled/' | strictly; }

privileged() {
  kubectl --namespace footfall run privileged --image x --privileged
}

# --- The tests ------------------------------------------------------------------------------------
PATH=$(clients):$PATH
export HELM_CACHE_HOME=$RUN/helm HELM_CONFIG_HOME=$RUN/helm HELM_DATA_HOME=$RUN/helm KUBECACHEDIR=$RUN/kubectl
began=$SECONDS
start_cluster "$(control_plane)" "$(etcd)" "$(installed "$KWOK")" "$(stages)"
definitions=$(custom_resources)
platform | kubectl create --filename - >/dev/null
kubectl apply --server-side --filename "$definitions" >/dev/null
kubectl wait --for=condition=Established --timeout=60s --filename "$definitions" >/dev/null
kubectl wait --for=condition=Ready --timeout=60s node --all >/dev/null
# The admission of pods reads the labels of a namespace with a delay.
wait_for 30 "pod security" bash -c '! kubectl --namespace footfall run probe --image x --privileged --dry-run=server'
echo "Kubernetes $(server_version) is ready after $((SECONDS - began)) s: three nodes, in three zones"

test_of "The API server accepts every set of values, strictly"
for values in "$CHART"/ci/*.yaml; do
  holds "$(basename "$values"), installed" dry_run "$values"
  holds "$(basename "$values"), upgraded" dry_run "$values" --is-upgrade
done
refused "a misspelt field is refused" 'whenScalled: field not declared in schema' misspelt
refused "a pod with privileges is refused in this namespace" 'violates PodSecurity "restricted' privileged

test_of "An installation"
holds "helm install --wait succeeds while the migration still runs" helm install "${RELEASE[@]}"
soon "three collectors run" count_is collector 3
soon "three apis run, as the autoscaler asks" count_is api 3
for sink in store live; do soon "three processors of sink $sink run" count_is "processor-$sink" 3; done
for component in collector api processor-store processor-live; do
  holds "$component is in every zone" in_every_zone "$component"
done
holds "each collector has a volume" kubectl --namespace footfall wait --for=jsonpath='{.status.phase}'=Bound --timeout=5s pvc --all

test_of "The migration"
job=$(in_namespace get jobs -l app.kubernetes.io/component=migrate -o name)
end_migration 3 "kafka is unavailable: brokers are down"
soon "an unavailable server is waited for: another pod starts" has_pod migrate Running
holds "the pods say what was missing" bash -c "kubectl -n footfall get pods -l app.kubernetes.io/component=migrate \
  -o custom-columns=POD:.metadata.name,WAITS:.status.containerStatuses[0].state.terminated.message | grep 'kafka is unavailable'"
holds "the job has not failed" field "$job" '.status.conditions[?(@.type=="Failed")].status' ""
end_migration 0 ""
soon "it ends when a pod succeeds" field "$job" '.status.conditions[?(@.type=="Complete")].status' True

test_of "An upgrade beside replicas that others set"
holds "an operator scales the apis to five" in_namespace scale deployment/footfall-api --replicas 5
holds "an upgrade succeeds" upgrade --set image.tag=0.1.1
holds "it changed the image" field deployment/footfall-api '.spec.template.spec.containers[0].image' footfall:0.1.1
holds "five apis stay" field deployment/footfall-api .spec.replicas 5
soon "five apis run" count_is api 5
holds "a sink of fixed size has its own number" field deployment/footfall-processor-store .spec.replicas 3
holds "an operator scales that sink, too" in_namespace scale deployment/footfall-processor-store --replicas 4
refused "Helm refuses to overwrite that number" 'conflict.*spec.replicas' upgrade --set image.tag=0.1.2
holds "with --force-conflicts the chart decides again" upgrade --set image.tag=0.1.2 --force-conflicts
holds "three processors are wanted" field deployment/footfall-processor-store .spec.replicas 3

test_of "An autoscaler that is turned on later"
holds "the apis get a fixed number" upgrade --set image.tag=0.1.2 --set api.autoscaling.enabled=false --set api.replicas=4 --force-conflicts
holds "four apis are wanted" field deployment/footfall-api .spec.replicas 4
holds "an operator scales them by hand first" in_namespace scale deployment/footfall-api --replicas 6
holds "then the autoscaler is turned on" upgrade --set image.tag=0.1.2
holds "six apis stay" field deployment/footfall-api .spec.replicas 6

test_of "A migration that fails at an upgrade"
refused "the upgrade fails" 'pre-upgrade hooks failed' \
  upgrade_that_ends 2 "kafka.partitions must not be changed" --set image.tag=0.1.3
holds "nothing else was changed" field deployment/footfall-api '.spec.template.spec.containers[0].image' footfall:0.1.2

test_of "A rollback"
jobs=$(in_namespace get jobs -o name | sort)
holds "helm rollback to the second revision succeeds" helm rollback footfall 2 --namespace footfall --wait --timeout 3m
holds "the image is the former one" field deployment/footfall-api '.spec.template.spec.containers[0].image' footfall:0.1.1
holds "six apis stay" field deployment/footfall-api .spec.replicas 6
holds "no migration ran" bash -c "[[ \$(kubectl -n footfall get jobs -o name | sort) == '$jobs' ]]"

test_of "A rollback to the first revision"
holds "it succeeds" helm rollback footfall 1 --namespace footfall --wait --timeout 3m
soon "it runs the migration of that release, against which the README warns" has_pod migrate Running
end_migration 0 ""

test_of "A drain"
drain() { kubectl drain "$1" --ignore-daemonsets --delete-emptydir-data --timeout="$2"; }
soon "three collectors run" count_is collector 3
holds "the node of one zone is drained" drain node-a 60s
soon "its collector waits, because its spool is in that zone" has_pod collector Pending
refused "the budget holds the drain of a second node" "violate the pod's disruption budget" drain node-b 15s
holds "two collectors are still there" count_is collector 2
holds "the first node comes back" kubectl uncordon node-a
soon "its collector runs again" count_is collector 3
holds "then the second node is drained" drain node-b 120s
holds "and comes back" kubectl uncordon node-b
soon "three collectors run" count_is collector 3

test_of "A collector that is removed for good"
holds "an operator adds a fourth one" in_namespace scale statefulset/footfall-collector --replicas 4
soon "four collectors run" count_is collector 4
holds "and removes it" in_namespace scale statefulset/footfall-collector --replicas 3
soon "three collectors run" count_is collector 3
refused "the spool of one that stays is refused" 'their spools are their own' upgrade --set 'collector.drain={2}'
holds "an upgrade asks for its spool" upgrade --set image.tag=0.1.2 --set 'collector.drain={3}' --force-conflicts
soon "a pod mounts it" has_pod drain Running
job=$(in_namespace get jobs -l app.kubernetes.io/component=drain -o name)
end_pod "$(pods_of drain Running | head -n 1)" drain 0 "" >/dev/null
soon "the job ends with it" field "$job" '.status.conditions[?(@.type=="Complete")].status' True
# Until its pod is gone, the claim is in use.
holds "the job is deleted" in_namespace delete "$job" --timeout=60s
holds "then its claim can be deleted" in_namespace delete pvc data-footfall-collector-3 --timeout=60s

test_of "The end"
in_namespace get pvc -o name | sort >"$RUN/claims"
holds "helm uninstall succeeds" helm uninstall footfall --namespace footfall --wait --timeout 3m
holds "the spools of all collectors stay" bash -c "[[ \$(kubectl -n footfall get pvc -o name | sort) == \$(cat '$RUN/claims') ]]"
holds "and there were three" bash -c "[[ \$(wc -l <'$RUN/claims') == 3 ]]"
printf '\nAll of it held, in %s s\n' "$((SECONDS - began))"
