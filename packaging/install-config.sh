#!/bin/sh
# Installs the configuration unless there is one: install-config.sh FROM TO. Meson sets $DESTDIR.
set -eu
to=${DESTDIR:-}$2
if [ -e "$to" ]; then
    echo "install: $to is left as it is" >&2
    exit 0
fi
install -D -m 644 "$1" "$to"
