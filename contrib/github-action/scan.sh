#!/usr/bin/env bash
# What the action does: updates the feeds in $DATA, scans $IMAGE, writes $SARIF, prints the table, and fails as $FAIL_ON says.
set -euo pipefail

mkdir -p "$DATA"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

clarion() {
    local credentials=()
    if [ -f "${DOCKER_CONFIG:-$HOME/.docker}/config.json" ]; then
        credentials=(-v "${DOCKER_CONFIG:-$HOME/.docker}:/docker:ro" -e DOCKER_CONFIG=/docker)
    fi
    docker run --rm --user "$(id -u):$(id -g)" --read-only --cap-drop ALL --security-opt no-new-privileges \
        -v "$DATA:/data" -v "$work:/exchange" -v "$PWD:/workspace:ro" -w /workspace "${credentials[@]}" \
        "$CLARION_IMAGE" "$@" --data /data
}

if [ "$UPDATE" = true ]; then
    clarion update || echo "::warning::clarion: not every feed could be fetched; the report says which"
fi

# An image that the job has just built is in the runner's docker only.
target=registry:$IMAGE
if docker image inspect "$IMAGE" >"$work/inspected" 2>&1; then
    docker save -o "$work/image.tar" "$IMAGE"
    chmod a+r "$work/image.tar"
    target=docker-archive:/exchange/image.tar
fi

options=()
[ "$ONLY_FIXED" != true ] || options+=(--only-fixed)
[ -z "$IGNORE" ] || options+=(--ignore "$IGNORE")

# Of an image that can be read in part, or be judged by nothing, there is a report that says so: for upload all the same.
status=0
clarion scan --format sarif --output /exchange/report.sarif "${options[@]}" "$target" || status=$?
[ -f "$work/report.sarif" ] || exit "$status"
cp "$work/report.sarif" "$SARIF"
echo "sarif=$SARIF" >>"$GITHUB_OUTPUT"

# The second time nothing is read again: the table, and the gate.
[ -z "$FAIL_ON" ] || options+=(--fail-on "$FAIL_ON")
clarion scan "${options[@]}" "$target"
