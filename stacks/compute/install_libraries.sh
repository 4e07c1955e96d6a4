#!/bin/bash
# install_libraries.sh REGION ARCHIVE FOLDER MODULE...
#
# A bootstrap action of EMR, which runs it on each node before the node takes part: makes FOLDER a Python environment
# with the wheels that are in ARCHIVE, a zip in S3, and imports each MODULE from it. Any failure ends the cluster.
#
# Wheels are unpacked, not installed: the node may have no pip for Python 3.11, and these are complete. The environment is
# one of its own because EMR puts libraries into the system's, where another version of one would come first.
set -euo pipefail
umask 022 # YARN's containers run as somebody else
trap 'echo "install_libraries.sh: line $LINENO has failed, the Spark job has no libraries on this node" >&2' ERR

region=$1
archive=$2
folder=$3
modules=("${@:4}")

download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT

sudo mkdir -p "$folder"
sudo chown "$(id -u)" "$folder"
# EMR 7's applications need Python 3.11, but bootstrap actions run before EMR installs applications; the repository of
# Amazon Linux 2023 is in S3, so that the node reaches it
command -v python3.11 > /dev/null || sudo dnf install --assumeyes --quiet python3.11
python3.11 -m venv --without-pip "$folder"
python=$folder/bin/python

# the region is named because the gateway endpoint leads only to the buckets of this one
aws s3 cp --region "$region" --only-show-errors "$archive" "$download/wheels.zip"
"$python" -m zipfile -e "$download/wheels.zip" "$download"
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
for wheel in "$download"/*.whl; do
    "$python" -m zipfile -e "$wheel" "$packages"
done

# also leaves the compiled modules, which the tasks could not write
"$python" -c 'import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)' "${modules[@]}"
