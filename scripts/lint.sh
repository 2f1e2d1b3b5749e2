#!/usr/bin/env bash
# Formatting, warnings of both compilers, static analysis: zero findings, or it fails.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(find src tests fuzz bench -name '*.[ch]' | LC_ALL=C sort)

clang-format --dry-run -Werror "${files[@]}"
echo "clang-format: ${#files[@]} files"

# Everything, tests and harnesses too, under both compilers with warnings as errors.
CC=gcc scripts/meson-build.sh build-lint-gcc -Dbuildtype=plain -Dwerror=true -Dtests=true -Dfuzz=standalone -Dbench=true
echo "gcc: no warnings"
CC=clang scripts/meson-build.sh build-lint-clang -Dbuildtype=plain -Dwerror=true -Dtests=true -Dfuzz=standalone -Dbench=true
echo "clang: no warnings"

mapfile -t sources < <(find src -name '*.c' | LC_ALL=C sort)
printf '%s\n' "${sources[@]}" | # what clang-tidy finds is in its output, so its exit status says nothing new
    { xargs -P "$(nproc)" -n 4 clang-tidy -p build-lint-clang --quiet --warnings-as-errors='*' 2>&1 || true; } |
    { grep -v -E '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter' || true; } >build-lint-clang/tidy.txt
if [ -s build-lint-clang/tidy.txt ]; then
    cat build-lint-clang/tidy.txt
    exit 1
fi
echo "clang-tidy: ${#sources[@]} files, no findings"
