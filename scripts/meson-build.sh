#!/usr/bin/env bash
# Configures (when needed) and builds one build folder: meson-build.sh FOLDER [meson option ...]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1
shift

# The configuration is made anew when an option or the list of source files has changed.
wanted=$(printf '%s\n' "$@" "${PREFIX:-/usr/local}" "${CC:-}"; find src tests/unit fuzz bench -name '*.[c]' -o -name '*.sql' -o -path 'src/ui/assets/*' | LC_ALL=C sort)
if [ ! -f "$folder/build.ninja" ] || [ "$wanted" != "$(cat "$folder/.wanted" 2>/dev/null)" ]; then
    mode=()
    [ -f "$folder/build.ninja" ] && mode=(--reconfigure)
    log=$(mktemp)
    meson setup "${mode[@]}" --prefix "${PREFIX:-/usr/local}" "$@" "$folder" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 1; }
    rm -f "$log"
    printf '%s' "$wanted" >"$folder/.wanted"
fi
ninja -C "$folder" --quiet
