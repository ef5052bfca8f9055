"""Writes one JSON schema for each kind and version, by the names that kubeconform asks for.

    schemas.py <folder of Kubernetes' schemas> <folder of custom resource definitions> <folder to write>
"""

import json
import pathlib
import sys

import yaml

SHARED = "/api/_definitions.json#/$defs/"


class Loader(yaml.CSafeLoader):
    """Reads the definitions of custom resources, in which a plain `=` stands for itself."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: node.value)


def references(schema):
    """Yields the names of the shared definitions that a schema uses, and makes the references local."""
    if isinstance(schema, dict):
        name = schema.get("$ref")
        if isinstance(name, str) and name.startswith(SHARED):
            schema["$ref"] = "#/$defs/" + name.removeprefix(SHARED)
        if isinstance(name, str):
            yield schema["$ref"].rsplit("/", 1)[1]
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def complete(schema, shared):
    """Copies the shared definitions that a schema needs into it."""
    needed, waiting = {}, list(references(schema))
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = shared[name]
            waiting += references(needed[name])
    return {**schema, "$defs": needed}


def refuse_unknown(schema):
    """Refuses fields that a custom resource does not have, as the API server does when asked to be strict."""
    if isinstance(schema, dict):
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        if schema.pop("x-kubernetes-int-or-string", False):
            schema.pop("type", None)
            schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
        for value in schema.values():
            refuse_unknown(value)
    elif isinstance(schema, list):
        for value in schema:
            refuse_unknown(value)


def main(kubernetes, custom, target):
    shared = json.loads((kubernetes / "_definitions.json").read_text())["$defs"]
    for file in kubernetes.glob("*.json"):
        schema = json.loads(file.read_text())
        if "kind" in schema.get("properties", {}):
            (target / file.name).write_text(json.dumps(complete(schema, shared)))
    for file in custom.glob("*.yaml"):
        for definition in yaml.load_all(file.read_text(), Loader):
            if not definition:
                continue
            spec = definition["spec"]
            for version in spec["versions"]:
                schema = version["schema"]["openAPIV3Schema"]
                refuse_unknown(schema)
                schema["properties"]["metadata"] = {"type": "object"}
                name = f"{spec['names']['kind'].lower()}-{spec['group'].split('.')[0]}-{version['name']}.json"
                (target / name).write_text(json.dumps(schema))


main(*map(pathlib.Path, sys.argv[1:]))
