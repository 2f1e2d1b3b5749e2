#!/usr/bin/env bash
# Installs what building Clarion needs on Debian 12 and later; with --tests also what `make check`, `make lint` and
# `make fuzz` need, with --bench also what `make bench` needs, with --packages what `make deb` and `make image` need. Does nothing, and asks for nothing, when everything is there already.
set -euo pipefail

build=(gcc meson ninja-build pkg-config libcurl4-openssl-dev libssl-dev libisal-dev libzstd-dev zlib1g-dev
       libexpat1-dev libsqlite3-dev libpq-dev libseccomp-dev
       libbz2-dev liblzma-dev libfyaml-dev libmicrohttpd-dev libgnutls28-dev librabbitmq-dev
       libjs-bootstrap5)
tests=(clang clang-format clang-tidy libclang-rt-14-dev libcmocka-dev python3 isal zstd openssl
       python3-venv python3-packaging ruby composer php-composer-semver rpm
       docker-registry skopeo valgrind rabbitmq-server postgresql iproute2 python3-pika python3-jwt
       mono-mcs zsh fish man-db groff mandoc curl mkdocs chromium nodejs npm
       systemd lintian)
packages=(dpkg-dev debhelper ca-certificates)

wanted=("${build[@]}")
case "${1:-}" in
--tests) wanted+=("${tests[@]}" "${packages[@]}") ;;
--packages) wanted+=("${packages[@]}") ;;
--docs) wanted=(mkdocs) ;;
--bench) wanted+=("${tests[@]}" "${packages[@]}" mmdebstrap time bzip2 unzip wrk nginx-light) ;;
esac

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for package in "${wanted[@]}"; do
    # The sanitizer runtimes of clang carry its version in their name; another Debian has another one.
    if [ "$package" = libclang-rt-14-dev ] && [ -n "$(dpkg-query -W -f '${Package} ' 'libclang-rt-*-dev' 2>/dev/null)" ]; then
        continue
    fi
    # Node.js and its npm often come from elsewhere.
    if { [ "$package" = nodejs ] && command -v node >/dev/null; } || { [ "$package" = npm ] && command -v npm >/dev/null; }; then
        continue
    fi
    installed "$package" || missing+=("$package")
done
installed libyyjson-dev && yyjson=yes || yyjson=no
[ ${#missing[@]} -eq 0 ] && [ $yyjson = yes ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "setup: this is not Debian. Install these packages' equivalents, then try again:" >&2
    echo "  ${missing[*]} libyyjson-dev" >&2
    exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: neither root nor sudo: as root, run $0 $*" >&2; exit 1; }
    root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -rf "$log" "${work:-}"' EXIT
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; echo "setup: failed: $*" >&2; exit 1; }; }

echo "setup: installing ${missing[*]}$([ $yyjson = yes ] || echo ' libyyjson-dev')" >&2
if [ ${#missing[@]} -gt 0 ]; then
    quietly "${root[@]}" apt-get update
    for i in "${!missing[@]}"; do
        if [ "${missing[$i]}" = libclang-rt-14-dev ] && ! apt-cache show libclang-rt-14-dev >/dev/null 2>&1; then
            missing[$i]=$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p')
        fi
    done
    quietly "${root[@]}" apt-get install -y --no-install-recommends "${missing[@]}"
fi

if [ $yyjson = no ]; then
    # Debian 12 lacks yyjson. Take it from the next release by a sources list and lists folder of its own, so that
    # nothing else can come from there: the two packages need libc only.
    if [ -z "$(apt-cache policy libyyjson-dev 2>/dev/null | sed -n 's/^  Candidate: \([0-9].*\)/\1/p')" ]; then
        work=$(mktemp -d)
        chmod 755 "$work"
        mkdir -p "$work/lists/partial" "$work/debs"
        mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
                 awk '$1 !~ /security/ && !seen++ {print $1}')
        [ -n "$mirror" ] || { echo "setup: no Debian mirror is configured for apt" >&2; exit 1; }
        keyring=/usr/share/keyrings/debian-archive-keyring.gpg
        echo "deb [signed-by=$keyring] $mirror trixie main" >"$work/trixie.list"
        options=(-o Dir::Etc::sourcelist="$work/trixie.list" -o Dir::Etc::sourceparts=/dev/null
                 -o Dir::State::lists="$work/lists" -o APT::Sandbox::User=root)
        quietly "${root[@]}" apt-get "${options[@]}" update
        (cd "$work/debs" && quietly "${root[@]}" apt-get "${options[@]}" download libyyjson0 libyyjson-dev)
        quietly "${root[@]}" dpkg -i "$work"/debs/*.deb
    else
        quietly "${root[@]}" apt-get install -y --no-install-recommends libyyjson-dev
    fi
fi
