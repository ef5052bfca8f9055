"""Checks facts about manifests which no schema knows.

    facts.py <file of manifests>…
"""

import pathlib
import sys

import yaml

WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob", "Pod")


def pod_of(manifest):
    """Returns the metadata and the spec of a manifest's pods."""
    if manifest["kind"] == "Pod":
        return manifest["metadata"], manifest["spec"]
    spec = manifest["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if manifest["kind"] == "CronJob" else spec["template"]
    return template["metadata"], template["spec"]


def check_pod(manifest):
    """Yields what a pod lacks."""
    _, pod = pod_of(manifest)
    if pod.get("automountServiceAccountToken") is not False:
        yield "its pods get a token of the API server"
    if pod.get("enableServiceLinks") is not False:
        yield "its pods get variables of Services, which the program takes for misnamed settings"
    for container in pod["containers"]:
        resources = container["resources"]
        if resources["limits"]["memory"] != resources["requests"]["memory"]:
            yield "its memory is not the one requested"
        if "cpu" in resources["limits"]:
            yield "its CPU is limited"
        if container["securityContext"].get("readOnlyRootFilesystem") is not True:
            yield "its root file system can be written"


def check_scaling(manifests):
    """Yields workloads that are scaled and also name a number of replicas, or neither."""
    scaled = {
        (target["kind"], target["name"])
        for manifest in manifests
        if manifest["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")
        for target in [manifest["spec"]["scaleTargetRef"]]
    }
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            name = manifest["kind"], manifest["metadata"]["name"]
            if (name in scaled) == ("replicas" in manifest["spec"]):
                yield f"{name}: either an autoscaler or `replicas` must say how many pods there are"


def check_budgets(manifests):
    """Yields workloads without exactly one disruption budget."""
    budgets = [m["spec"]["selector"]["matchLabels"] for m in manifests if m["kind"] == "PodDisruptionBudget"]
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            labels = manifest["spec"]["template"]["metadata"]["labels"].items()
            count = sum(budget.items() <= labels for budget in budgets)
            if count != 1:
                yield f"{manifest['metadata']['name']} has {count} disruption budgets"


def secrets_of(manifest):
    """Returns the names of the Secrets in the environment of a workload."""
    sources = [source for container in pod_of(manifest)[1]["containers"] for source in container["envFrom"]]
    return [source["secretRef"]["name"] for source in sources if "secretRef" in source]


def check_secrets(manifests):
    """Yields processes other than the migration that get the accounts of ClickHouse."""
    workloads = [m for m in manifests if m["kind"] in WORKLOADS]
    # The migration has that of every process first, then its own, unless they are the same.
    runtime = next(secrets_of(m)[0] for m in workloads if m["kind"] == "Job")
    for manifest in workloads:
        if manifest["kind"] != "Job" and secrets_of(manifest) != [runtime]:
            yield f"{manifest['metadata']['name']} has other Secrets than {runtime}: {secrets_of(manifest)}"
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap" and any("CLUSTERS" in name for name in manifest["data"]):
            yield f"{manifest['metadata']['name']} has settings of clusters, without their passwords"


def check_hosts(manifests):
    """Yields settings that do not follow the public names, where there are such."""
    routes = [m["spec"] for m in manifests if m["kind"] in ("Ingress", "HTTPRoute")]
    hosts = {host for spec in routes for host in spec.get("hostnames", [])}
    hosts |= {rule["host"] for spec in routes for rule in spec.get("rules", []) if "host" in rule}
    if not hosts:
        return
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap":
            settings = manifest["data"]
            for name in ("FOOTFALL__API__COLLECTOR_URL", "FOOTFALL__TOKENS__ISSUER"):
                if settings.get(name, "").removeprefix("https://") not in hosts:
                    yield f"{manifest['metadata']['name']}: {name} is {settings.get(name)}, which is not among {sorted(hosts)}"
            if settings.get("FOOTFALL__API__TRUST_FORWARDED_FOR") != "true":
                yield f"{manifest['metadata']['name']}: the addresses of clients are those of the proxy"


def check_connections(manifests):
    """Yields settings with which pods refuse or close connections of their proxy."""
    attributes = "alb.ingress.kubernetes.io/load-balancer-attributes"
    idle = [m["metadata"].get("annotations", {}).get(attributes, "") for m in manifests if m["kind"] == "Ingress"]
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap":
            settings = manifest["data"]
            for service in ("API", "COLLECTOR"):
                if settings.get(f"FOOTFALL__{service}__CONNECTIONS_PER_ADDRESS") != "0":
                    yield f"{manifest['metadata']['name']}: connections of the proxy are limited"
                kept = int(settings.get(f"FOOTFALL__{service}__KEEP_ALIVE_SECONDS", 75))
                if any(kept <= int(text.removeprefix("idle_timeout.timeout_seconds=")) for text in idle if text):
                    yield f"{manifest['metadata']['name']}: the load balancer keeps connections longer than {kept} s"


def check_policies(manifests):
    """Yields pods that no network policy selects, where there are policies."""
    policies = [m["spec"] for m in manifests if m["kind"] == "NetworkPolicy"]
    denied = [p for p in policies if not p.get("ingress") and not p.get("egress")]
    for manifest in manifests:
        if policies and manifest["kind"] in WORKLOADS:
            labels = pod_of(manifest)[0]["labels"].items()
            if not any(policy["podSelector"]["matchLabels"].items() <= labels for policy in denied):
                yield f"{manifest['metadata']['name']}: nothing denies its traffic"


def main(files):
    problems, count = [], 0
    for file in map(pathlib.Path, files):
        manifests = [manifest for manifest in yaml.safe_load_all(file.read_text()) if manifest]
        count += len(manifests)
        found = [f"{m['metadata']['name']}: {what}" for m in manifests if m["kind"] in WORKLOADS for what in check_pod(m)]
        for check in (check_scaling, check_budgets, check_secrets, check_hosts, check_connections, check_policies):
            found += check(manifests)
        problems += [f"{file.name}: {problem}" for problem in found]
    if problems:
        sys.exit("\n".join(problems))
    print(f"{count} manifests")


main(sys.argv[1:])
