"""Measures the service: `clarion serve`, asked by real clients on this machine.

Reports are asked for by wrk with four connections, against nginx, which serves the very bytes of the report from a file:
as fast as a server can be that does nothing but send them. Images are posted by threads of ours, and their layers served
by the same nginx.
"""
import atexit
import concurrent.futures
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests"))

CLIENTS, SECONDS = 4, 8
IMAGES, POSTING = 1000, 16


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, process):
    for _ in range(500):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise SystemExit("bench: %s does not listen on its port" % process.args[0])


class Nginx:
    """Serves a folder."""

    def __init__(self, work, folder):
        self.port = free_port()
        config = os.path.join(work, "nginx.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write("""%sdaemon off; pid %s/nginx.pid; error_log stderr error; worker_processes 2;
                       events { worker_connections 512; }
                       http { access_log off; keepalive_requests 1000000; client_body_temp_path %s; proxy_temp_path %s;
                              fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s;
                              server { listen 127.0.0.1:%d; root %s; } }""" % ("user root; " if os.getuid() == 0 else "", # the folder is ours alone
                              work, work, work, work, work, work, self.port, folder))
        self.process = subprocess.Popen(["nginx", "-c", config], stderr=subprocess.DEVNULL)
        wait_for(self.port, self.process)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Clarion:
    def __init__(self, build, data, limits=None, database=None):
        self.port, self.introspection = free_port(), free_port()
        self.config = data + ".yaml"
        with open(self.config, "w", encoding="utf-8") as f:
            json.dump({"http_listen_addr": "127.0.0.1:%d" % self.port, "introspection_addr": "127.0.0.1:%d" % self.introspection,
                       "log_level": "error", "matcher": {"disable_updaters": True}, "limits": limits or {},
                       "indexer": {"fetch": {"allow": ["127.0.0.1"]}, "index_report_request_concurrency": POSTING}}, f)
        start = time.monotonic()
        self.process = subprocess.Popen([os.path.join(build, "clarion"), "serve", "-c", self.config, "--data", data]
                                        + (["--db", database] if database else []))
        atexit.register(self.process.kill)  # of a benchmark that broke off
        wait_for(self.port, self.process)
        self.ready = time.monotonic() - start

    def memory(self):
        """Resident and peak, MiB."""
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as f:
            text = f.read()
        return tuple(int(re.search(key + r":\s+(\d+)", text).group(1)) / 1024 for key in ("VmRSS", "VmHWM"))

    def cpu(self):
        """Seconds of the service and of its workers that have ended."""
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return sum(int(x) for x in fields[11:15]) / os.sysconf("SC_CLK_TCK")

    def ask(self, method, path, body=None, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer, text

    def round_trips(self):
        """How often a database server was waited for."""
        text = self.ask("GET", "/metrics", port=self.introspection)[1].decode()
        return int(re.search(r"^clarion_store_round_trips_total (\d+)$", text, re.M).group(1))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait() != 0:
            raise SystemExit("bench: the service ended with %d" % self.process.returncode)


def wrk(port, path, header=None):
    """Requests a second, and milliseconds within which half and 99 of 100 were answered."""
    command = ["wrk", "-t1", "-c%d" % CLIENTS, "-d%ds" % SECONDS, "--latency", "http://127.0.0.1:%d%s" % (port, path)]
    done = subprocess.run(command + (["-H", header] if header else []), capture_output=True, text=True, check=True)
    if re.search("Non-2xx or 3xx|Socket errors:.*(connect|read|write) [1-9]", done.stdout):  # that one is late is no error
        raise SystemExit("bench: " + done.stdout)
    unit = {"us": 1e-3, "ms": 1, "s": 1e3}
    half, most = (float(n) * unit[u] for n, u in re.findall(r"(?:50|99)%\s+([\d.]+)(us|ms|s)\b", done.stdout))
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1)), half, most


def print_rate(what, measured, against=None):
    rate, half, most = measured
    print("  %-24s%7.0f requests/s, p50 %.2f ms, p99 %.2f ms%s"
          % (what, rate, half, most, "" if against is None else ", %.2f x nginx" % (rate / against)))


def bench_reports(build, work, data, manifest):
    path = "/matcher/api/v1/vulnerability_report/" + manifest
    site = os.path.join(work, "site")
    os.makedirs(site)
    server = Clarion(build, data)
    answer, body = server.ask("GET", path)
    with open(os.path.join(site, "report"), "wb") as f:
        f.write(body)
    tag = "If-None-Match: " + answer.headers["Etag"]
    nginx = Nginx(work, site)
    print("reports over HTTP: %d packages, %.0f kB, %d connections of wrk" % (len(json.loads(body)["packages"]), len(body) / 1e3, CLIENTS))
    alone = wrk(nginx.port, "/report")
    print_rate("nginx, the same bytes", alone)
    print_rate("kept report", wrk(server.port, path), alone[0])
    print_rate("not changed (304)", wrk(server.port, path, tag), alone[0])
    server.stop()
    server = Clarion(build, data, {"report_cache_bytes": 0})
    print_rate("made each time", wrk(server.port, path), alone[0])
    print("  (target >= 4850 requests/s: 50 x Clair's 97 with 4 clients)")
    server.stop()
    nginx.stop()


def small_images(folder):
    """Manifests of images with a layer each of their own."""
    import clarion
    manifests = []
    for i in range(IMAGES):
        layer = gzip.compress(clarion.debian_layer(*(clarion.stanza("source%d" % p, "%d-1" % (1 + (i + p) % 30)) for p in range(10))), mtime=0)
        name = "%d.tar.gz" % i
        with open(os.path.join(folder, name), "wb") as f:
            f.write(layer)
        manifests.append((clarion.digest(b"%d" % i), clarion.digest(layer), name))
    return manifests


def post_all(servers, nginx, manifests):
    """Posts them to the servers in turn: how many were indexed, and the seconds of it."""
    def post(numbered):
        server, (digest, layer, name) = servers[numbered[0] % len(servers)], numbered[1]
        body = json.dumps({"hash": digest, "layers": [{"hash": layer, "uri": "http://127.0.0.1:%d/%s" % (nginx.port, name), "headers": {}}]})
        while True:
            answer, text = server.ask("POST", "/indexer/api/v1/index_report", body)
            if answer.status != 429:
                return answer.status == 201 and json.loads(text)["success"]
            time.sleep(float(answer.headers["Retry-After"]))

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(POSTING) as pool:
        done = sum(pool.map(post, enumerate(manifests)))
    return done, time.monotonic() - start


def bench_posts(build, work):
    """Many small images at once, and what they leave behind."""
    site = os.path.join(work, "layers")
    os.makedirs(site)
    manifests = small_images(site)
    nginx = Nginx(work, site)
    server = Clarion(build, os.path.join(work, "posted"))
    idle, before = server.memory()[0], server.cpu()
    done, wall = post_all([server], nginx, manifests)
    used = server.cpu() - before
    peak = server.memory()[1]
    time.sleep(5)
    print("posts: %d small images by %d clients, %d indexed" % (IMAGES, POSTING, done))
    print("  wall                    %.1f s: %.0f images/s; %.2f ms CPU an image" % (wall, IMAGES / wall, used / IMAGES * 1e3))
    print("  ready after             %.0f ms (target <= 100)" % (server.ready * 1e3))
    print("  memory                  idle %.1f MiB (target <= 15), peak %.1f MiB, five seconds later %.1f MiB" % (idle, peak, server.memory()[0]))
    server.stop()
    nginx.stop()


def bench(build, work, data, manifest):
    """`data` holds feeds and the image of that manifest."""
    missing = [tool for tool in ("wrk", "nginx") if shutil.which(tool) is None]
    if missing:
        raise SystemExit("bench: %s: not installed" % ", ".join(missing))
    bench_reports(build, work, data, manifest)
    bench_posts(build, work)
