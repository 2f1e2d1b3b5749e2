#!/bin/sh
# make demo: from feeds and an image of our own making to a report, in a data folder that is thrown away.
set -eu
clarion=$1
here=$(dirname "$0")
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT INT TERM
export CLARION_DATA="$data"

say() { printf '\n$ clarion %s\n' "$*"; }

say update --mirror demo/feeds
"$clarion" update --mirror "$here/feeds"
say scan demo/image
"$clarion" scan "$here/image"
say explain demo/image CVE-2014-0160 openssl
"$clarion" explain "$here/image" CVE-2014-0160 openssl
cat <<'END'

That was a made-up image and a handful of records. For real ones:

  build/clarion update                        fetch the real feeds
  docker save debian:12 -o image.tar          or skopeo, podman, buildah …
  build/clarion scan docker-archive:image.tar
END
