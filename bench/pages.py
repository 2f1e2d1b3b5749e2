"""What pages and lists take where very many images are indexed: the web page and the API, asked by one client."""
import json
import re
import time

import service

RUNS = 7


def paths(server, common, rare):
    """What is asked for, by what it is called: of a vulnerability that very many images have, and of one that few have."""
    images = "/api/v1/vulnerabilities/%s/images" % common
    after = json.loads(server.ask("GET", images)[1])["next"]
    package = re.search(rb'"name":"([^"]+)"', server.ask("GET", images)[1]).group(1).decode()
    return [("list of images, worst", "/images"), ("newest first", "/images?order=newest"), ("critical", "/images?severity=critical"),
            ("exploited, with a fix", "/images?kev=1&fixable=1"), ("a text that all have", "/images?q=service"),
            ("a text that some have", "/images?q=service-77"), ("a text that none has", "/images?q=nowhere"),
            ("vulnerability of many", "/vulnerabilities/" + common), ("its second page", "/vulnerabilities/%s?after=%s" % (common, after)),
            ("vulnerability of few", "/vulnerabilities/" + rare), ("API, images of many", images),
            ("API, the second page", images + "?after=" + after), ("search for a package", "/search?q=" + package)]


def times(server, path):
    """Milliseconds, the fastest and the middle of some."""
    found = []
    for _ in range(RUNS):
        start = time.monotonic()
        answer, _body = server.ask("GET", path)
        found.append((time.monotonic() - start) * 1e3)
        if answer.status != 200:
            raise SystemExit("bench: %s answered %d" % (path, answer.status))
    return min(found), sorted(found)[RUNS // 2]


def measure(build, data, common, rare, database=None):
    server = service.Clarion(build, data, database=database)
    for what, path in paths(server, common, rare):
        print("  %-23s %.0f ms, median %.0f%s" % (what, *times(server, path), " (target <= 100)" if what.startswith("list") else ""), flush=True)
    print("  peak memory             %.0f MiB" % server.memory()[1])
    server.stop()
