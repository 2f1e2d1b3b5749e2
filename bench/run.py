#!/usr/bin/env python3
"""Measures Clarion against public tools in one run and prints ratios: run.py BUILD-FOLDER [-n RUNS]

Nothing here is a pass or a fail. Each figure is the median of some runs, taken in turn with the tool it is compared with,
so that a machine that is busy now and then slows both.
"""
import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests"))
PACKAGES = "python3,perl,curl,git,openssl,vim,gcc,libc6-dev,make"


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


def make_layer(cache):
    """A real layer of some 100 MB compressed: a Debian root with compilers and interpreters. Kept between runs."""
    blob = os.path.join(cache, "layer.tar.gz")
    if os.path.exists(blob):
        return blob, "Debian 12 with " + PACKAGES
    os.makedirs(cache, exist_ok=True)
    tar = os.path.join(cache, "layer.tar")
    print("bench: making a layer with mmdebstrap (once) ...", file=sys.stderr)
    mode = "root" if os.geteuid() == 0 else "unshare"
    subprocess.run(["mmdebstrap", "--quiet", "--mode=" + mode, "--variant=minbase", "--include=" + PACKAGES, "bookworm", tar], check=True)
    subprocess.run(["gzip", "-n", "-6", tar], check=True)
    return blob, "Debian 12 with " + PACKAGES


def layout(folder, blob):
    import clarion
    image = clarion.OciLayout(folder)
    with open(blob, "rb") as f:
        data = f.read()
    image.add([(data, "application/vnd.oci.image.layer.v1.tar+gzip", "sha256:" + "0" * 64)])
    return "oci:" + folder


def bench_index(build, work, cache, runs):
    blob, what = make_layer(cache)
    target = layout(os.path.join(work, "image"), blob)
    clarion = os.path.join(build, "clarion")
    ours, tools, memory = [], [], []
    for i in range(runs):
        seconds, log = cpu([clarion, "index", "-v", "--data", os.path.join(work, "index%d" % i), target])
        ours.append(seconds)
        memory += [int(x) for x in re.findall(r"CPU, (\d+) MiB", log)]
        inflate, _ = cpu(["igzip", "-d", "-c", blob])
        digest, _ = cpu(["openssl", "dgst", "-sha256", blob])
        tools.append(inflate + digest)
    ratios = [a / b for a, b in zip(ours, tools)]
    print("index one layer: %s, %.0f MB compressed" % (what, os.path.getsize(blob) / 1e6))
    print("  CPU                     %.3f s, igzip -dc + openssl dgst %.3f s: ratio %.2f (%.2f-%.2f; target <= 1.3)"
          % (statistics.median(ours), statistics.median(tools), statistics.median(ratios), min(ratios), max(ratios)))
    print("  peak of the worker      %d MiB (target <= 24 MiB beyond the largest captured file)" % max(memory))
    return target


def make_feeds(work):
    """The shared folder's feeds when there, else a made-up tracker of its size."""
    shared = os.environ.get("CLARION_SHARED")
    if shared:
        return os.path.join(shared, "feeds"), "the shared feeds"
    import clarion
    case = clarion.Case()
    case.folder = work
    releases = {r: "%d.%d-1" % (i, i) for i, r in enumerate(["bullseye", "bookworm", "trixie", "forky", "sid"])}
    tracker = {"source%d" % p: {"CVE-2024-%05d" % (p * 25 + c): clarion.tracker_entry(**releases) for c in range(25)}
               for p in range(1200)}
    return case.feeds(tracker), "made-up feeds (the shared ones are not there)"


def bench_update(build, work, runs):
    clarion, (mirror, what) = os.path.join(build, "clarion"), make_feeds(work)
    tracker = os.path.join(mirror, "security-tracker.debian.org", "tracker", "data", "json")
    rows, parse = [], []
    for i in range(runs):
        data = os.path.join(work, "feeds%d" % i)
        seconds, _ = cpu([clarion, "update", "--data", data, "--mirror", mirror])
        feeds = json.loads(subprocess.run([clarion, "feeds", "--format", "json", "--data", data], capture_output=True, check=True).stdout)
        rows.append((seconds, sum(f["records"] for f in feeds["feeds"])))
        parse.append(cpu([sys.executable, "-c", "import json,sys; json.load(open(sys.argv[1]))", tracker])[0])
    memory = peak([clarion, "update", "--data", os.path.join(work, "peak"), "--mirror", mirror])
    segments = os.path.join(work, "feeds0", "segments")
    size = sum(os.path.getsize(os.path.join(segments, x)) for x in os.listdir(segments))
    seconds, records = statistics.median(r[0] for r in rows), rows[0][1]
    print("feeds into a generation: %s, %d records" % (what, records))
    print("  rate                    %.0f records per CPU second (target >= 270,000)" % (records / seconds))
    print("  CPU                     %.3f s, Python's json on the tracker file alone %.3f s: ratio %.2f"
          % (seconds, statistics.median(parse), seconds / statistics.median(parse)))
    print("  peak memory             %.0f MiB (target <= 100)" % memory)
    print("  on disk                 %.1f bytes per record (target <= 100)" % (size / records))
    return os.path.join(work, "feeds0"), mirror


def bench_report(build, work, data, target):
    clarion = os.path.join(build, "clarion")
    doc = json.loads(subprocess.run([clarion, "index", "--data", data, target], capture_output=True, check=True).stdout)
    done = subprocess.run([os.path.join(build, "bench_report"), data, doc["image"]["manifest"]], capture_output=True, check=True)
    r = json.loads(done.stdout)
    print("report, matched and written as Clair's document, in the process: %d packages, %d findings, %.0f kB"
          % (r["packages"], r["findings"], r["bytes"] / 1000))
    print("  p50 %.3f ms, p99 %.3f ms over %d reports (target <= 1 ms for 200 packages and 100 findings)"
          % (r["p50_ms"], r["p99_ms"], r["runs"]))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("-n", type=int, default=5, dest="runs")
    args = p.parse_args()
    build = os.path.abspath(args.build)
    os.environ["CLARION_BUILD"] = build
    work = tempfile.mkdtemp(prefix="clarion-bench-")
    try:
        target = bench_index(build, work, os.path.join(build, "bench-cache"), args.runs)
        data, _ = bench_update(build, work, args.runs)
        bench_report(build, work, data, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
