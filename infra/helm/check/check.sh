#!/usr/bin/env bash
# Checks the chart: see the README.
#
#   check.sh               what needs no server: lint, schemas, refusals, names
#   check.sh kube          on a real API server: install, upgrade, roll back, drain
#   check.sh lint …        only these steps
#
# Tools are fetched once, by pinned version, into .footfall/cache.
set -euo pipefail

CHECK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CHART=$(dirname "$CHECK")/footfall
REPO=$(cd "$CHECK/../../.." && pwd)
CACHE=${FOOTFALL_CACHE_DIR:-$REPO/.footfall/cache}/helm
# shellcheck source=tools.sh
. "$CHECK/tools.sh"

# The chart's rules are a link, of which Helm tells each time.
helm() { # <argument…>
  "$HELM" "$@" 2> >(grep -v 'found symbolic link' >&2)
}

render() { # <file of values> <option…>: prints the manifests
  local values=$1
  shift
  helm template footfall "$CHART" --namespace footfall --kube-version "$KUBERNETES" --values "$values" "$@"
}

lint() {
  local values
  for values in "$CHART"/ci/*.yaml; do
    helm lint --strict --quiet "$CHART" --values "$values" || die "helm lint refuses the chart with $values."
  done
  echo "$(printf '%s\n' "$CHART"/ci/*.yaml | wc -l) sets of values"
}

# Every manifest, of an installation and of an upgrade, against the schemas of Kubernetes and of custom resources.
check_schemas() {
  local program folder values
  program=$(installed "$KUBECONFORM")
  folder=$(schemas)
  for values in "$CHART"/ci/*.yaml; do
    printf '%s: ' "$(basename "$values")"
    { render "$values" && render "$values" --is-upgrade; } \
      | "$program" -strict -summary -schema-location "$folder/{{.ResourceKind}}{{.KindSuffix}}.json" \
      || die "Manifests of $values are not valid."
  done
}

# Values that are wrong, and what the refusal must say.
refusals() {
  local count=0 setting expected message
  while IFS='|' read -r setting expected; do
    count=$((count + 1))
    if message=$(render "$CHART/ci/minimal.yaml" --set-string "$setting" 2>&1 >/dev/null); then
      die "--set-string $setting must be refused."
    fi
    [[ $message == *"$expected"* ]] || die "--set-string $setting must be refused with: $expected" "It says: $message"
  done <<'REFUSALS'
colector.name=x|additional properties 'colector' not allowed
api.autoscaling.minimum=2|additional properties 'minimum' not allowed
processor.sinks.stores.replicas=2|additional properties 'stores' not allowed
image.digest=latest|/image/digest
migrate.admin=nobody|/migrate/admin
kafka.login=plain|/kafka/login
hosts.api=https://api.example|/hosts/api
settings.FOOTFALL__POSTGRES__URL=postgres://x|settings.FOOTFALL__POSTGRES__URL is secret
settings.FOOTFALL__POSTGRES__TENANT_URL=postgres://x|settings.FOOTFALL__POSTGRES__TENANT_URL is secret
settings.FOOTFALL__CLUSTERS__SHARED__WRITER_PASSWORD=x|is secret
settings.FOOTFALL__REDIS__URL=redis://:x@redis:6379/0|settings.FOOTFALL__REDIS__URL has a password
api.settings.FOOTFALL__API__BIND=0.0.0.0:1|api.settings.FOOTFALL__API__BIND is set by the chart
settings.KAFKA_BROKERS=x|is no setting
settings.FOOTFALL__ARCHIVE__URL=archive|settings.FOOTFALL__ARCHIVE__URL must begin with s3://
settings.FOOTFALL__KAFKA__BROKERS=|settings.FOOTFALL__KAFKA__BROKERS must name the brokers
collector.drain={third}|/collector/drain/0
backup.schedule=nightly|/backup/schedule
backup.stores={redis}|/backup/stores/0
existingSecrets.runtime=|existingSecrets.runtime or externalSecrets.runtime must name the secret
externalSecrets.migrate=x|are both set
REFUSALS
  echo "$count wrong values refused"
}

# Facts about what the chart makes that a schema cannot know.
facts() {
  local folder=$CACHE/rendered values
  rm -rf "$folder" && mkdir "$folder"
  for values in "$CHART"/ci/*.yaml; do
    render "$values" >"$folder/$(basename "$values")"
  done
  "$(python)" "$CHECK/facts.py" "$folder"/*.yaml
}

names() { "$(python)" "$CHECK/consistency.py" "$REPO"; }

mkdir -p "$CACHE"
KUBERNETES=$(awk '$1 == "k8s.io/kubernetes" { print substr($2, 2); exit }' "$CHECK/kubernetes/go.mod")
HELM=$(clients)/helm
(($#)) || set -- lint schemas refusals facts names
for step in "$@"; do
  echo "== $step"
  case $step in
    lint | refusals | facts | names) "$step" ;;
    schemas) check_schemas ;;
    kube) "$CHECK/kube.sh" ;;
    *) die "There is no step $step: lint, schemas, refusals, facts, names, kube." ;;
  esac
done
