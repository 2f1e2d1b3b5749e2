"""The store on PostgreSQL: a server of its own on this machine, against SQLite in the same run.

The server is the distribution's as it is (fsync, full_page_writes, autovacuum; 128 MiB of shared buffers), but for a
private socket. Where an inventory is filled, neither engine waits for the disk at each image: SQLite has
synchronous=OFF, PostgreSQL synchronous_commit=off. All else has synchronous_commit=on.
"""
import concurrent.futures
import json
import os
import shutil
import sys
import tempfile
import threading
import time

import scale
import service

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests"))

AS_DISTRIBUTED = {"fsync": "on", "full_page_writes": "on", "max_connections": "100", "shared_buffers": "128MB", "autovacuum_naptime": "1min"}
RETOLD = 10  # generations of which the time to another node's reports is taken


def cpu_of(pid):
    """User and system seconds of a server with its processes, those that have ended among them."""
    total = 0
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % entry, encoding="utf-8", errors="replace") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(entry) == pid:
            total += sum(int(x) for x in fields[11:15])
        elif int(fields[1]) == pid:
            total += sum(int(x) for x in fields[11:13])
    return total / os.sysconf("SC_CLK_TCK")


def tables_of(server, database):
    """Bytes of each table with its indexes."""
    rows = server.sql("SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                      "'public'::regnamespace", database)
    return {table: int(size) for table, size in (line.split("|") for line in rows.splitlines())}


def new_database(server):
    url = server.new_database()
    return url, url.split("/")[3].split("?")[0]


# ---- the same inventory on both -------------------------------------------------------------------------------------

def bench_fill(build, work, server, mirror, manifests):
    folder, (url, name) = scale.seed(build, work, mirror, "both-%d" % manifests), new_database(server)
    remote = scale.seed(build, work, mirror, "remote-%d" % manifests, url)
    server.sql("ALTER DATABASE %s SET synchronous_commit = off" % name)
    writers = os.cpu_count()  # as many as the service has for indexing
    ours = scale.ask(build, "fill", folder, manifests, writers)
    before = cpu_of(server.process.pid)
    theirs = scale.ask(build, "fill", remote, manifests, writers, database=url)
    used = cpu_of(server.process.pid) - before
    server.sql("CHECKPOINT", name)
    print("PostgreSQL and SQLite: %d manifests put in by %d connections" % (manifests, writers))
    print("  PostgreSQL              %.0f manifests/s; %.1f s, CPU %.1f s of the program and %.1f s of the server"
          % (manifests / theirs["wall"], theirs["wall"], theirs["cpu"], used))
    print("  SQLite                  %.0f manifests/s; %.1f s, CPU %.1f s: ratio %.2f (target <= 2)"
          % (manifests / ours["wall"], ours["wall"], ours["cpu"], theirs["wall"] / ours["wall"]))
    sizes = [(tables_of(server, name), "PostgreSQL"), (scale.tables_of(folder), "SQLite")]
    for tables, engine in sizes:
        print("  bytes a manifest        %.0f on %s, %.0f beyond its layers" % (
            sum(tables.values()) / manifests, engine, sum(tables.get(t, 0) for t in scale.OF_MANIFESTS) / manifests))
    for table, size in sorted(sizes[0][0].items(), key=lambda x: -x[1]):
        if size / manifests >= 1:
            print("    %-28s%8.1f %8.1f" % (table, size / manifests, sizes[1][0].get(table, 0) / manifests))
    shutil.rmtree(folder)
    return remote, url


# ---- several nodes --------------------------------------------------------------------------------------------------

def nodes(build, work, url, number, limits=None):
    return [service.Clarion(build, os.path.join(work, "node-%d-%d" % (number, i)), limits, url) for i in range(number)]


def stop(servers):
    for server in servers:
        server.stop()


def first_manifest(server, url):
    """One that is built on an image of the shared ones: as many packages as such images have."""
    name = url.split("/")[3].split("?")[0]
    return "sha256:" + server.sql("SELECT encode(manifest, 'hex') FROM image ORDER BY id DESC LIMIT 1", name).strip()


def ask_all(servers, path):
    """Of wrk for each at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(servers)) as pool:
        return sum(rate for rate, _, _ in pool.map(lambda s: service.wrk(s.port, path), servers))


def bench_nodes(build, work, server, url, numbers=(1, 2, 4)):
    path = "/matcher/api/v1/vulnerability_report/" + first_manifest(server, url)
    print("several nodes on one database, all on this machine of %d processors" % os.cpu_count())
    for number in numbers:
        servers = nodes(build, work, url, number)
        kept = ask_all(servers, path)
        stop(servers)
        servers = nodes(build, work, url, number, {"report_cache_bytes": 0})
        made = ask_all(servers, path)
        stop(servers)
        print("  %d node%s                 reports: kept %.0f/s, made each time %.0f/s; %s" % (
            number, " " if number == 1 else "s", kept, made, index_on(build, work, server, number)))


def index_on(build, work, server, number):
    """Small images that several nodes index."""
    url, folder = new_database(server)[0], tempfile.mkdtemp(dir=work)
    manifests = service.small_images(folder)
    nginx, servers = service.Nginx(folder, folder), nodes(build, folder, url, number)
    done, wall = service.post_all(servers, nginx, manifests)
    stop(servers)
    nginx.stop()
    return "%d small images indexed at %.0f/s" % (done, done / wall)


# ---- waiting for the server -----------------------------------------------------------------------------------------

def trips_of(server, act):
    """The fewest of some runs, without those of asking."""
    counts = [server.round_trips() for _ in range(4)]
    asking, least = min(b - a for a, b in zip(counts, counts[1:])), None
    for i in range(5):
        before = server.round_trips()
        act(i)
        took = server.round_trips() - before - asking
        least = took if least is None else min(took, least)
    return least


def bench_trips(build, work, server, url):
    import clarion
    folder = tempfile.mkdtemp(dir=work)
    manifests = service.small_images(folder)[:10]
    nginx, node = service.Nginx(folder, folder), nodes(build, folder, url, 1)[0]
    reports = "/matcher/api/v1/vulnerability_report/"

    def post(digest, layer, name):
        body = {"hash": digest, "layers": [{"hash": layer, "uri": "http://127.0.0.1:%d/%s" % (nginx.port, name), "headers": {}}]}
        answer, text = node.ask("POST", "/indexer/api/v1/index_report", json.dumps(body))
        if answer.status != 201:
            raise SystemExit("bench: an image is not indexed: %s" % text.decode())

    post(*manifests[9])
    again = [clarion.digest(b"again %d" % i) for i in range(5)]
    figures = [("an image with a layer to be read, and new packages", lambda i: post(*manifests[i])),
               ("an image of known layers", lambda i: post(again[i], *manifests[9][1:])),
               ("a known image", lambda i: post(*manifests[i])),
               ("a report, made", lambda i: node.ask("GET", reports + manifests[i][0])),
               ("a report, kept", lambda i: node.ask("GET", reports + manifests[i][0]))]
    print("waits for the database server (metric clarion_store_round_trips_total; an image is posted)")
    for what, act in figures:
        print("  %-52s%d" % (what, trips_of(node, act)))
    node.stop()
    nginx.stop()


class Poller(threading.Thread):
    """Asks for one report until it is another one."""

    def __init__(self, node, path):
        super().__init__()
        self.node, self.path, self.tag, self.when = node, path, node.ask("GET", path)[0].headers["Etag"], None
        self.start()

    def run(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.node.ask("GET", self.path)[0].headers["Etag"] != self.tag:
                self.when = time.monotonic()
                return
            time.sleep(0.002)


def bench_follow(build, work, server, remote, url, manifests):
    """From a generation's commit, by another process, to this node's reports."""
    node, took = nodes(build, tempfile.mkdtemp(dir=work), url, 1)[0], []
    path = "/matcher/api/v1/vulnerability_report/" + first_manifest(server, url)
    for round_ in range(RETOLD):
        poller = Poller(node, path)
        scale.ask(build, "change", remote, manifests, 100, 100 + round_, database=url)
        committed = time.monotonic()
        poller.join()
        if poller.when is None:
            raise SystemExit("bench: the other node does not take the new generation")
        took.append(max(0, poller.when - committed))
    size = max(int(n) for n in server.sql("SELECT bytes FROM shared_segment", url.split("/")[3].split("?")[0]).split())
    print("a generation that another node made is in a node's reports")
    print("  after                   %.0f ms (%.0f to %.0f) behind the end of the process that made it; the segment has %.0f MB"
          % (sorted(took)[len(took) // 2] * 1e3, min(took) * 1e3, max(took) * 1e3, size / 1e6))
    node.stop()


def start_server():
    import postgres
    if not postgres.is_there():
        raise SystemExit("bench: PostgreSQL: not installed")
    return postgres.Server(**AS_DISTRIBUTED)


def bench_sizes(build, work, mirror, manifests):
    """What the tables of an inventory of this size take on both engines, and nothing else."""
    server = start_server()
    try:
        bench_fill(build, work, server, mirror, manifests)
    finally:
        server.stop()


def bench(build, work, mirror):
    server = start_server()
    try:
        sizes = scale.sizes()
        filled = [bench_fill(build, work, server, mirror, n) for n in sizes]
        remote, url = filled[0]
        bench_trips(build, work, server, url)
        bench_follow(build, work, server, remote, url, sizes[0])
        bench_nodes(build, work, server, url)
    finally:
        server.stop()
