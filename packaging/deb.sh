#!/usr/bin/env bash
# Makes a Debian package of what a build folder has: deb.sh BUILD-FOLDER OUT-FOLDER. The same build gives the same bytes.
set -euo pipefail
build=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
source=$PWD

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/clarion"
cp -r packaging/debian "$work/clarion/debian"
chmod -R u=rwX,go=rX "$work" # whatever the umask was

export CLARION_BUILD=$build CLARION_SOURCE=$source
CLARION_PREFIX=$(meson introspect --buildoptions "$build" |
                 python3 -c 'import json, sys; print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
export CLARION_PREFIX
# The changelog's date, unless who builds says another one; dpkg's tools write it into the package.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(dpkg-parsechangelog -l packaging/debian/changelog -S Timestamp)}
log=$work/log
(cd "$work/clarion" && dpkg-buildpackage --build=binary --no-sign --no-check-builddeps) >"$log" 2>&1 ||
    { cat "$log" >&2; exit 1; }
cp "$work"/clarion_*.deb "$out/"
ls "$out"/clarion_*.deb
