"""Compares the chart with what it is about: metrics, settings, its own README, the values that Terraform gives.

    consistency.py <repository>
"""

import json
import pathlib
import re
import sys
import tomllib

import yaml

# Of the stores; they look like metrics.
ACCOUNTS = {f"footfall_{login}" for login in ("reader", "writer", "platform", "tenant", "ledger")}


def leaves(values, path=""):
    """Yields each value of values.yaml as (path, default), as the README lists them."""
    for key, value in values.items():
        below = f"{path}.{key}" if path else key
        if key == "resources":
            yield below, None
        elif isinstance(value, dict) and value:
            yield from leaves(value, below)
        else:
            yield below, value


def documented(values):
    """Returns the rows that the README must have: the sinks share theirs."""
    rows = {}
    for path, value in leaves(values):
        sink = re.fullmatch(r"processor\.sinks\.(\w+)\.(\w+)", path)
        if sink and sink[2] == "resources":
            rows["processor.sinks.SINK.resources"] = None
        elif sink:
            rows.setdefault(f"processor.sinks.SINK.{sink[2]}", {})[sink[1]] = value
        else:
            rows[path] = value
    return rows


def shown(value):
    return "see `values.yaml`" if value is None else f"`{json.dumps(value, sort_keys=True, separators=(',', ':'))}`"


def variables(prefix, table):
    """Yields the variable of each setting of a table and of the tables in it."""
    for name, value in table.items():
        variable = f"{prefix}__{name}".upper()
        if isinstance(value, dict):
            yield from variables(variable, value)
        else:
            yield variable


def main(repository):
    chart = repository / "infra/helm/footfall"
    problems = []

    wanted = {path: shown(value) for path, value in documented(yaml.safe_load((chart / "values.yaml").read_text())).items()}
    found = dict(re.findall(r"^\| `([\w.]+)` \| (.+?) \| .+ \|$", (chart / "README.md").read_text(), re.M))
    found = {path: default for path, default in found.items() if not path.startswith("processor-")}
    for path in sorted(wanted.keys() | found.keys()):
        if path not in found:
            problems.append(f"README.md does not explain {path}, default {wanted[path]}")
        elif path not in wanted:
            problems.append(f"README.md explains {path}, which is no value")
        elif found[path] != wanted[path]:
            problems.append(f"README.md says that {path} is {found[path]}; it is {wanted[path]}")

    names = (repository / "crates/base/telemetry/src/names.rs").read_text()
    metrics = set(re.findall(r'= "(footfall_\w+)", \[', names))
    settings = tomllib.loads((repository / "services/footfall/default.toml").read_text())
    known = set(variables("FOOTFALL", settings))
    known |= {"FOOTFALL__DATA_DIR", "FOOTFALL__POSTGRES__URL", "FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY"}
    for file in sorted(chart.rglob("*")):
        if not file.is_file():
            continue
        text = file.read_text()
        where = file.relative_to(repository)
        for metric in sorted(set(re.findall(r"\bfootfall_[a-z_]*[a-z]", text))):
            series = re.sub(r"_(bucket|sum|count)$", "", metric)
            if metric not in metrics and series not in metrics and metric not in ACCOUNTS:
                problems.append(f"{where} names the metric {metric}, which the code does not have")
        for setting in sorted(set(re.findall(r"\bFOOTFALL__[A-Z0-9_]*[A-Z0-9]", text))):
            is_cluster = re.fullmatch(r"FOOTFALL__CLUSTERS(__[A-Z0-9]+)?(__(URL|(WRITER|READER)_(USER|PASSWORD)))?", setting)
            is_partial = any(name.startswith(setting + "_") for name in known)
            if setting not in known and not is_cluster and not is_partial and setting != "FOOTFALL__SECTION__NAME":
                problems.append(f"{where} names the setting {setting}, which the program does not have")

    # What Terraform gives must be what ci/terraform.yaml tries.
    given = (repository / "infra/terraform/modules/platform/values.tf").read_text()
    given = re.search(r"^  helm_values = \{\n(.*?)^  \}", given, re.M | re.S)[1]
    tried = yaml.safe_load((chart / "ci/terraform.yaml").read_text())
    keys = set(re.findall(r"^    (\w+) +=", given, re.M))
    for key in sorted(keys - tried.keys()):
        problems.append(f"Terraform's helm_values have {key}, which ci/terraform.yaml does not try")
    for setting in sorted(set(re.findall(r"^ +(FOOTFALL__\w+) +=", given, re.M)) - tried["settings"].keys()):
        problems.append(f"Terraform's helm_values set {setting}, which ci/terraform.yaml does not try")

    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(wanted)} values explained, {len(metrics)} metrics and {len(known)} settings known, {len(keys)} values of Terraform")


main(pathlib.Path(sys.argv[1]))
