#!/usr/bin/env python3
"""Prints the schema of a Terraform provider as JSON, from the code that CDKTF generated of that schema.

usage: schema.py PACKAGE TYPE... > schema.json      (TYPE: aws_s3_bucket, or data.aws_region)

PACKAGE is the unpacked npm package @cdktf/provider-aws. For each resource its code names every attribute
with its type, which ones are required, which are computed, and which are blocks. What it does not hold:
the values that a text may have, and which attributes exclude each other.
"""
import json
import pathlib
import re
import sys

PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool", "any": "string"}
GETTERS = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
}


def camel(name):
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), name)


def attribute_type(collection, storage):
    """The type of an attribute, or None if it is a structure."""
    match = re.match(r"(string|number|boolean|any)(List|Map)?(List|Map)?$", storage)
    if not match:
        return None
    element, outer, inner = match.groups()
    result = PRIMITIVES[element]
    if not outer:
        return result
    if inner:
        result = [inner.lower(), result]
    return [collection if collection in ("list", "set", "map") else outer.lower(), result]


class Module:
    """The generated code of one resource: its classes, its conversion functions, its interfaces."""

    def __init__(self, folder):
        code = (folder / "index.js").read_text()
        types = (folder / "index.d.ts").read_text()
        self.classes = dict(re.findall(r"^class (\w+) extends [^\n]*\{\n(.*?)^\}", code, re.S | re.M))
        self.functions = dict(
            re.findall(r"^function (\w+)ToHclTerraform\(struct\) \{\n(.*?)^\}", code, re.S | re.M)
        )
        self.required = {
            name: {field for field, mark in re.findall(r"^    readonly (\w+)(\??):", body, re.M) if not mark}
            for name, body in re.findall(r"^export interface (\w+)[^\n]*\{\n(.*?)^\}", types, re.S | re.M)
        }

    def block(self, body, interface, class_name):
        """The block whose conversion to HCL is `body`; computed attributes come from the class's getters."""
        attributes, blocks = {}, {}
        required = self.required.get(interface, set())
        getters = self.classes.get(class_name, "")
        entry = (
            r'^\s+(\w+): \{\n\s+value: (.*?),\n\s+isBlock: (true|false),'
            r'\n\s+type: "(\w+)",\n\s+storageClassType: "(\w+)"'
        )
        for name, value, is_block, collection, storage in re.findall(entry, body, re.M | re.S):
            field = re.search(r"(?:this\._|struct\.)(\w+)", value)
            is_required = (field.group(1) if field else camel(name)) in required
            flags = {"required": is_required, "optional": not is_required, "computed": not is_required}
            if is_block == "false":
                attributes[name] = {"type": attribute_type(collection, storage) or "dynamic", **flags}
                continue
            function = re.search(r"(\w+)ToHclTerraform", value).group(1)
            nested = self.nested(function[0].upper() + function[1:])
            single = f'new {function[0].upper() + function[1:]}OutputReference(this, "{name}")' in getters
            if re.search(r"listMapperHcl\(\w+, false\)", value):
                kind = collection if collection in ("list", "set") else "list"
                attributes[name] = {"type": [kind, self.object(nested)], **flags}
            else:
                blocks[name] = {
                    "nesting": {"struct": "single", "set": "set"}.get(collection, "list"),
                    "min": int(is_required),
                    "max": int(single and collection != "struct"),
                    "block": nested,
                }
        self.add_computed(attributes, blocks, getters)
        return {"attributes": attributes, "blocks": blocks}

    def add_computed(self, attributes, blocks, getters):
        def add(name, kind):
            if name not in attributes and name not in blocks:
                attributes[name] = {"type": kind, "computed": True}

        for kind, name in re.findall(
            r"this\.get(String|Number|Boolean|List|NumberList)Attribute\('(\w+)'\)", getters
        ):
            add(name, GETTERS[kind])
        for kind, name in re.findall(r'new cdktf\.(String|Number|Boolean|Any)Map\(this, "(\w+)"\)', getters):
            add(name, ["map", {**GETTERS, "Any": "string"}[kind]])
        for structure, form, name, is_set in re.findall(
            r'new (\w+?)(List|OutputReference)\(this, "(\w+)"(?:, (true|false))?\)', getters
        ):
            fields = self.object(self.nested(structure))
            add(name, ["set" if is_set == "true" else "list", fields] if form == "List" else fields)

    def nested(self, structure):
        body = self.functions.get(structure[0].lower() + structure[1:], "")
        return self.block(body, structure, structure + "OutputReference")

    def object(self, block):
        fields = {name: attribute["type"] for name, attribute in block["attributes"].items()}
        for name, nested in block["blocks"].items():
            fields[name] = ["set" if nested["nesting"] == "set" else "list", self.object(nested["block"])]
        return ["object", fields]


def known_types(folder):
    """Every resource and data source of the package: the folder and the class of each."""
    declaration = (
        r"class (\w+) extends cdktf\.Terraform(Resource|DataSource) \{"
        r'\n\s+static readonly tfResourceType = "(\w+)"'
    )
    types = {}
    for file in folder.glob("*/index.d.ts"):
        match = re.search(declaration, file.read_text())
        if match:
            prefix = "data." if match.group(2) == "DataSource" else ""
            types[prefix + match.group(3)] = (file.parent, match.group(1))
    return types


def provider_block(folder):
    module = Module(folder / "provider")
    name = next(name for name in module.classes if name.endswith("Provider"))
    block = module.block(conversion(module, name), name + "Config", "")
    block["attributes"].pop("alias", None)
    for attribute in block["attributes"].values():
        attribute.update(required=False, optional=True, computed=False)
    return block


def conversion(module, class_name):
    body = module.classes[class_name]
    return body[body.find("synthesizeHclAttributes") :]


def main():
    folder, wanted = pathlib.Path(sys.argv[1]) / "lib", sys.argv[2:]
    types = known_types(folder)
    unknown = [name for name in wanted if name not in types]
    if unknown:
        sys.exit(f"The provider has no {', '.join(unknown)}.")
    result = {"resources": {}, "data": {}, "provider": provider_block(folder)}
    for name in wanted:
        path, class_name = types[name]
        module = Module(path)
        block = module.block(conversion(module, class_name), class_name + "Config", class_name)
        result["data" if name.startswith("data.") else "resources"][name.removeprefix("data.")] = block
    json.dump(result, sys.stdout, separators=(",", ":"))


main()
