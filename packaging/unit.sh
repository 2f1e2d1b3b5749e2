#!/bin/sh
# Prints the systemd unit for one layout of folders: unit.sh TEMPLATE BINDIR SYSCONFDIR DOCDIR
set -eu
sed "s#@bindir@#$2#g; s#@sysconfdir@#$3#g; s#@docdir@#$4#g" "$1"
