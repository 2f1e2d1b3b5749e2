#!/usr/bin/env python3
"""Measures Clarion against public tools in one run and prints ratios: run.py BUILD-FOLDER [-n RUNS]

Nothing here is a pass or a fail. Each figure is the median of some runs, taken in turn with the tool it is compared with,
so that a machine that is busy now and then slows both.
"""
import argparse
import hashlib
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import feeds
import images
import postgresql
import scale
import service

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests"))


def cpu(command, env=None, stdin=None):
    """User and system seconds of a command with all its children, and what it wrote to standard error."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stderr.decode("utf-8", "replace")


def peak(command):
    """Largest resident set of a command, MiB. GNU time starts it, since a child of ours would inherit our own peak."""
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return int(done.stderr.split()[-1]) / 1024


def oci_layout(folder, blobs):
    import clarion
    image, layers = clarion.OciLayout(folder), []
    for blob in blobs:
        with open(blob, "rb") as f:
            kind = "zstd" if blob.endswith(".zst") else "gzip"
            layers.append((f.read(), "application/vnd.oci.image.layer.v1.tar+" + kind, "sha256:" + "0" * 64))
    image.add(layers)
    return "oci:" + folder


def inflate_and_hash(blobs):
    """CPU seconds of public tools that unpack these blobs and take their digests."""
    total = 0
    for blob in blobs:
        inflate = ["zstd", "-dcq", blob] if blob.endswith(".zst") else ["igzip", "-d", "-c", blob]
        total += cpu(inflate)[0] + cpu(["openssl", "dgst", "-sha256", blob])[0]
    return total


def index_in_turn(build, work, blobs, target, runs):
    """Measures indexing against bare inflating and hashing: (CPU of ours, of the tools, wall of ours) of each run, and
    the largest memory of the worker of each layer, MiB, by the layers' digests."""
    rows, memory = [], {}
    for i in range(runs):
        data = os.path.join(work, "index")
        start = time.monotonic()
        ours, log = cpu([os.path.join(build, "clarion"), "index", "-v", "--data", data, target])
        wall = time.monotonic() - start
        shutil.rmtree(data)
        for digest, mib in re.findall(r"layer sha256:([0-9a-f]{64}): .* CPU, (\d+) MiB", log):
            memory[digest] = max(memory.get(digest, 0), int(mib))
        rows.append((ours, inflate_and_hash(blobs), wall))
    return rows, memory


def print_cpu(rows, tools, most):
    ratios = [ours / theirs for ours, theirs, _ in rows]
    print("  CPU                     %.3f s, %s %.3f s: ratio %.2f (%.2f-%.2f; target <= %.1f)"
          % (statistics.median(r[0] for r in rows), tools, statistics.median(r[1] for r in rows), statistics.median(ratios),
             min(ratios), max(ratios), most))
    print("  wall                    %.3f s" % statistics.median(r[2] for r in rows))


def bench_index(build, work, cache, runs):
    blob, what = images.plain_layer(cache)
    target = oci_layout(os.path.join(work, "image"), [blob])
    rows, memory = index_in_turn(build, work, [blob], target, runs)
    print("index one layer: %s, %.0f MB compressed" % (what, os.path.getsize(blob) / 1e6))
    print_cpu(rows, "igzip -dc + openssl dgst", 1.3)
    print("  peak of the worker      %d MiB" % max(memory.values()))


def sha256_of(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def bench_index_mixed(build, work, cache, runs):
    layers = images.mixed_layers(cache)
    blobs = [blob for _, blob, _ in layers]
    target = oci_layout(os.path.join(work, "mixed"), blobs)
    rows, memory = index_in_turn(build, work, blobs, target, runs)
    print("index an image with all kinds of packages: layers %s; %.0f MB compressed"
          % (", ".join(os.path.basename(blob) for blob in blobs), sum(os.path.getsize(blob) for blob in blobs) / 1e6))
    print_cpu(rows, "igzip or zstd -dc + openssl dgst", 1.6)
    peaks = [(memory[sha256_of(blob)], largest / 2**20, name) for name, blob, largest in layers]
    beyond = max(peaks, key=lambda p: p[0] - p[1])
    for what, (mib, largest, name) in [("peak of a worker", max(peaks)), ("furthest beyond a file", beyond)]:
        print("  %-24s%d MiB, largest captured file %.0f MiB: %.0f MiB beyond it (layer %s; target <= 24)"
              % (what, mib, largest, mib - largest, name))
    compare(build, work, target)


def compare(build, work, target):
    """The other programs that list an image's packages, where they are installed."""
    folder = target[len("oci:"):]
    commands = [("clarion", [os.path.join(build, "clarion"), "index", "--data", os.path.join(work, "compared"), target]),
                ("syft", ["syft", "scan", "oci-dir:" + folder, "-q", "-o", "json"]),
                ("trivy", ["trivy", "image", "--input", folder, "-q", "--offline-scan", "--format", "cyclonedx"])]
    print("  %-24s%8s %8s %10s" % ("once, from nothing", "wall", "CPU", "peak"))
    for name, command in commands:
        if shutil.which(command[0]) is None:
            print("  %-24snot installed" % name)
            continue
        done = subprocess.run(["/usr/bin/time", "-f", "%e %U %S %M", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        lines = done.stderr.decode("utf-8", "replace").strip().split("\n")
        if done.returncode != 0:
            print("  %-24sfailed: %s" % (name, " ".join(lines[:-1])[:100]))
            continue
        wall, user, system, kib = map(float, lines[-1].split())
        print("  %-24s%6.2f s %6.2f s %6.0f MiB" % (name, wall, user + system, kib / 1024))


def made_up_feeds(work):
    """A mirror of a made-up tracker of the real one's size: 25 records a source package, fixed in versions 1-1 to 25-1."""
    import clarion
    releases = ["bullseye", "bookworm", "trixie", "forky", "sid"]
    tracker = {"source%d" % p: {"CVE-2024-%05d" % (p * 25 + c): clarion.tracker_entry(**{r: "%d-1" % (c + 1) for r in releases})
                                for c in range(25)}
               for p in range(1200)}
    case = clarion.Case()
    case.folder = work
    return case.feeds(tracker, name="made-up-feeds")


def find_feeds(work):
    """The shared folder's feeds when there, else made-up ones."""
    shared = os.environ.get("CLARION_SHARED")
    if shared:
        return os.path.join(shared, "feeds"), "the shared feeds"
    return made_up_feeds(work), "made-up feeds (the shared ones are not there)"


# What a feed's file costs a public tool, at the least: to be read by Python, or only to be unpacked.
TOOLS = {feeds.DEBIAN: ("python3 json", lambda path: [sys.executable, "-c", "import json,sys; json.load(open(sys.argv[1]))", path]),
         feeds.UBUNTU: ("bzip2 -dc", lambda path: ["bzip2", "-dc", path]),
         feeds.PYPI: ("unzip -p", lambda path: ["unzip", "-p", path])}


def update_in_turn(program, work, mirror, names, against, runs):
    """CPU seconds of an update from nothing, and of a public tool, of each run; and the feeds as they are afterwards."""
    rows = []
    for i in range(runs):
        data = os.path.join(work, "update")
        shutil.rmtree(data, ignore_errors=True)
        rows.append((cpu([program, "update", *names, "--data", data, "--mirror", mirror])[0], cpu(against)[0]))
    done = subprocess.run([program, "feeds", "--format", "json", "--data", data], capture_output=True, check=True)
    segments = os.path.join(data, "segments")
    size = sum(os.path.getsize(os.path.join(segments, x)) for x in os.listdir(segments))
    return rows, [f for f in json.loads(done.stdout)["feeds"] if f["records"]], size


def print_update(rows, records, size, tool, memory, targets):
    ours, theirs = (statistics.median(r[i] for r in rows) for i in range(2))
    print("  rate                    %.0f records per CPU second%s" % (records / ours, targets[0]))
    print("  CPU                     %.3f s, %s %.3f s: ratio %.2f" % (ours, tool, theirs, statistics.median(x / y for x, y in rows)))
    print("  peak memory             %.0f MiB%s" % (memory, targets[1]))
    print("  on disk                 %.1f bytes per record (target <= 100)" % (size / records))


def bench_update(build, work, runs):
    program, (mirror, what) = os.path.join(build, "clarion"), find_feeds(work)
    tool, command = TOOLS[feeds.DEBIAN]
    rows, loaded, size = update_in_turn(program, work, mirror, [], command(os.path.join(mirror, feeds.DEBIAN)), runs)
    memory = peak([program, "update", "--data", os.path.join(work, "peak"), "--mirror", mirror])
    records = sum(f["records"] for f in loaded)
    print("feeds into a generation: %s, %d feeds, %d records" % (what, len(loaded), records))
    print_update(rows, records, size, tool + " on the tracker file alone", memory, (" (target >= 270,000)", " (target <= 100)"))


def bench_large_updates(build, work, cache, runs):
    """Each feed that this program has a file of upstream size for, alone."""
    program, mirror = os.path.join(build, "clarion"), feeds.of_upstream_size(cache)
    data = os.path.join(work, "large")
    subprocess.run([program, "update", "--data", data, "--mirror", mirror], capture_output=True, check=False)
    done = subprocess.run([program, "feeds", "--format", "json", "--data", data], capture_output=True, check=True)
    names = {file["url"].split("://")[1]: f["feed"] for f in json.loads(done.stdout)["feeds"] for file in f["files"]}
    for path, (tool, command) in TOOLS.items():
        name, file = names.get(path), os.path.join(mirror, path)
        if name is None:
            print("feed of upstream size: no feed reads %s" % path)
            continue
        rows, loaded, size = update_in_turn(program, work, mirror, [name], command(file), runs)
        memory = peak([program, "update", name, "--data", os.path.join(work, "peak-" + name), "--mirror", mirror])
        print("feed of upstream size: %s, %.0f MB, %d records" % (name, os.path.getsize(file) / 1e6, loaded[0]["records"]))
        print_update(rows, loaded[0]["records"], size, tool, memory, ("", " (target <= 150)"))


def bench_report(build, work, packages):
    """An image of which every fourth package is two fixes behind."""
    import clarion
    program, data = os.path.join(build, "clarion"), os.path.join(work, "report")
    subprocess.run([program, "update", "debian", "--data", data, "--mirror", made_up_feeds(work)], capture_output=True, check=True)
    image = clarion.OciLayout(os.path.join(work, "packages-%d" % packages))
    image.add([clarion.debian_layer(*(clarion.stanza("source%d" % p, "23-1" if p % 4 == 0 else "30-1") for p in range(packages)))])
    indexed = subprocess.run([program, "index", "--data", data, "oci:" + image.folder], capture_output=True, check=True)
    manifest = json.loads(indexed.stdout)["image"]["manifest"]
    done = subprocess.run([os.path.join(build, "bench_report"), data, manifest], capture_output=True, check=True)
    r = json.loads(done.stdout)
    print("report, matched and written as Clair's document, in the process: %d packages, %d findings, %.0f kB"
          % (r["packages"], r["findings"], r["bytes"] / 1000))
    print("  p50 %.3f ms, p99 %.3f ms over %d reports (target <= 1 ms for 200 packages and 100 findings)"
          % (r["p50_ms"], r["p99_ms"], r["runs"]))
    return data, manifest


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("-n", type=int, default=5, dest="runs")
    p.add_argument("--store", type=int, metavar="MANIFESTS", help="only what a store of that many takes, on SQLite and on PostgreSQL")
    args = p.parse_args()
    build = os.path.abspath(args.build)
    os.environ["CLARION_BUILD"] = build
    work = tempfile.mkdtemp(prefix="clarion-bench-")
    try:
        if args.store:
            postgresql.bench_sizes(build, work, find_feeds(work)[0], args.store)
            return
        cache = os.path.join(build, "bench-cache")
        bench_index(build, work, cache, args.runs)
        bench_index_mixed(build, work, cache, args.runs)
        bench_update(build, work, args.runs)
        bench_large_updates(build, work, cache, args.runs)
        bench_report(build, work, 500)
        service.bench(build, work, *bench_report(build, work, 200))
        mirror = find_feeds(work)[0]
        scale.bench(build, work, mirror)
        postgresql.bench(build, work, mirror)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
