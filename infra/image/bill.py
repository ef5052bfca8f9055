#!/usr/bin/env python3
"""Writes the image's bill of materials to standard output, as CycloneDX 1.6.

It names Debian's packages, the crates that the binary is made of, and the npm packages of the console that
it embeds, each with version, licence and SHA-256 or SHA-512 where its lock file has one. The same inputs
give the same bytes.
"""

import argparse
import base64
import datetime
import json
import pathlib
import subprocess
import tomllib
import urllib.parse
import uuid

REPO = pathlib.Path(__file__).resolve().parent.parent.parent


def component(kind, name, version, hashes=(), licence=None, qualifiers=""):
    # Of a version and a name, a purl escapes what is not a letter, a digit, or one of these.
    purl = f"pkg:{kind}/{urllib.parse.quote(name, safe='/~')}@{urllib.parse.quote(version, safe=':~')}{qualifiers}"
    name = name.removeprefix("debian/")
    part = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if hashes:
        part["hashes"] = [{"alg": algorithm, "content": content} for algorithm, content in hashes]
    if licence:
        part["licenses"] = [{"expression": licence}]
    return part


def debian(packages, release):
    # By this, scanners know whose advisories count.
    yield {"type": "operating-system", "bom-ref": "debian", "name": "debian", "version": release}
    architecture = command("dpkg", "--print-architecture").strip()
    qualifiers = f"?arch={architecture}&distro=debian-{release}"
    for line in packages.read_text().splitlines():
        name, version, digest = line.split("\t")
        yield component("deb", f"debian/{name}", version, [("SHA-256", digest)], qualifiers=qualifiers)


def crates():
    """The crates that are linked, without those that only run at build time."""
    digests = {
        (package["name"], package["version"]): package.get("checksum")
        for package in tomllib.loads((REPO / "Cargo.lock").read_text())["package"]
    }
    tree = command(
        "cargo", "tree", "--locked", "--package", "footfall", "--edges", "normal,no-proc-macro",
        "--prefix", "none", "--no-dedupe", "--format", "{p}\t{l}",
    )
    for line in sorted(set(tree.splitlines())):
        package, licence = line.split("\t")
        name, version = package.split(" ")[:2]
        version = version.removeprefix("v")
        # Footfall's own crates have no digest: the image's revision names them.
        if digest := digests[name, version]:
            # An older way to write "or" is no SPDX expression.
            licence = licence.replace("/", " OR ")
            yield component("cargo", name, version, [("SHA-256", digest)], licence)


def console():
    lock = json.loads((REPO / "web/package-lock.json").read_text())
    for path, package in sorted(lock["packages"].items()):
        name = path.rpartition("node_modules/")[2]
        if not name or package.get("dev") or package.get("optional"):
            continue
        algorithm, _, digest = package["integrity"].partition("-")
        digest = base64.b64decode(digest).hex()
        hashes = [(algorithm.upper().replace("SHA", "SHA-"), digest)]
        yield component("npm", name, package["version"], hashes, package.get("license"))


def command(*arguments):
    return subprocess.run(arguments, cwd=REPO, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=pathlib.Path, required=True, help="packages.tsv of base.sh")
    parser.add_argument("--release", required=True, help="the number of Debian's release")
    parser.add_argument("--version", required=True, help="the image's version")
    parser.add_argument("--time", type=int, required=True, help="in seconds since 1970")
    given = parser.parse_args()
    components = [*debian(given.packages, given.release), *crates(), *console()]
    time = datetime.datetime.fromtimestamp(given.time, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(components))}",
        "version": 1,
        "metadata": {
            "timestamp": time,
            "component": {"type": "container", "bom-ref": "footfall", "name": "footfall", "version": given.version},
        },
        "components": components,
        "dependencies": [{"ref": "footfall", "dependsOn": [part["bom-ref"] for part in components]}],
    }
    print(json.dumps(bill, indent=2, ensure_ascii=False))


main()
