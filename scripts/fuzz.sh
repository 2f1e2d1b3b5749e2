#!/usr/bin/env bash
# Runs each fuzz harness for some seconds: fuzz.sh SECONDS [NAME...]. Inputs that were interesting are kept in
# build-fuzz/corpus; one that makes a harness fail is kept in build-fuzz/found and named.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
CC=clang scripts/meson-build.sh build-fuzz -Dbuildtype=debugoptimized -Dfuzz=libfuzzer -Db_sanitize=address,undefined -Db_lundef=false
mkdir -p build-fuzz/found
names=("$@")
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(cd fuzz && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')

one() {
    name=$1 seconds=$2
    mkdir -p "build-fuzz/corpus/$name"
    seeds=()
    [ -d "fuzz/seeds/$name" ] && seeds=("fuzz/seeds/$name")
    log=build-fuzz/$name.log
    if "build-fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/found/$name-" "build-fuzz/corpus/$name" "${seeds[@]}" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        printf '%-20s clean, %s runs\n' "$name" "$runs"
    else
        printf '%-20s FAILED, see %s\n' "$name" "$log"
        tail -n 40 "$log"
        return 1
    fi
}
export -f one
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'one {} '"$seconds"
