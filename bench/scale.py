"""An inventory of ten thousand, a hundred thousand or a million manifests: what it takes on disk, and how long a new
generation takes to be told of. bench_scale does the work; this asks it, and draws."""
import json
import math
import os
import shutil
import sqlite3
import subprocess

import pages

# Images that the made-up ones are built on, where the shared folder has them.
FAMILIES = ["debian-web", "debian11-web", "ubuntu1804", "alpine318", "rhel8-ubi", "rhel9-nodejs", "oracle9", "photon3", "wolfi",
            "sle15-ndb", "alma9-built", "python-web", "node-app", "distroless-ssl"]

# Of the store, what grows with the manifests, and not with the layers that they have.
OF_MANIFESTS = ("image", "package_set", "package_set_part", "package_set_repository")


def sizes():
    """Of inventories to measure: SCALE, "1000000" or several with commas between."""
    return [int(n) for n in os.environ.get("SCALE", "10000,100000").split(",")]


def ask(build, *arguments, database=None):
    """One of bench_scale's commands, on the data folder or on a database server."""
    done = subprocess.run([os.path.join(build, "bench_scale"), *map(str, arguments)], capture_output=True, check=True,
                          env=dict(os.environ, **({"CLARION_DB": database} if database else {})))
    return json.loads(done.stdout)


def families(work):
    """Images to build on, as the shared folder has them, or made up of as many packages as such images have."""
    import clarion
    shared = os.environ.get("CLARION_SHARED")
    if shared:
        found = [os.path.join(shared, "images", name + ".oci") for name in FAMILIES]
        return ["oci:" + path for path in found if os.path.isdir(path)]
    out = []
    for packages in (90, 150, 200, 300):
        image = clarion.OciLayout(os.path.join(work, "family-%d" % packages))
        image.add([clarion.debian_layer(*(clarion.stanza("source%d" % p, "30-1") for p in range(packages)))])
        out.append("oci:" + image.folder)
    return out


def seed(build, work, mirror, data="scale-seed", database=None):
    """A data folder, or a database, with the images to build on and with feeds, of which nothing more is to be told."""
    data, program = os.path.join(work, data), os.path.join(build, "clarion")
    place = ["--data", data] + (["--db", database] if database else [])
    for image in families(work):
        subprocess.run([program, "index", *place, image], capture_output=True, check=True)
    subprocess.run([program, "update", *place, "--mirror", mirror], capture_output=True, check=False)
    ask(build, "notify", data, 0, database=database)
    return data


def tables_of(data):
    """Bytes of each table with its indexes."""
    db = sqlite3.connect(os.path.join(data, "clarion.db"))
    rows = db.execute("SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) GROUP BY tbl_name").fetchall()
    db.close()
    return dict(rows)


def bytes_of(data, manifests):
    """Bytes a manifest: of the whole database, and without what its layers take."""
    tables = tables_of(data)
    return sum(tables.values()) / manifests, sum(n for table, n in tables.items() if table in OF_MANIFESTS) / manifests


def measure(build, work, base, manifests):
    """Prints one inventory's figures; answers (manifests hit, seconds, CPU seconds) of each update."""
    data = os.path.join(work, "scale-%d" % manifests)
    shutil.copytree(base, data)
    filled = ask(build, "fill", data, manifests)
    whole, beyond = bytes_of(data, manifests)
    print("inventory of %d manifests on %d bases" % (manifests, filled["bases"]))
    print("  on disk                 %.0f bytes a manifest, %.0f beyond its layers (target <= 300)" % (whole, beyond))
    print("  stored                  %.0f a CPU second; %.1f s, CPU %.1f s, peak %.0f MiB"
          % (manifests / filled["cpu"], filled["wall"], filled["cpu"], filled["peak_mib"]))
    rows = []
    for round_, hits in enumerate((10, 1000, manifests // 100, manifests // 20), start=1):
        changed = ask(build, "change", data, manifests, hits, round_)
        told = ask(build, "notify", data, manifests)
        found = ask(build, "where", data, manifests, round_)
        rows.append((changed["children"], told["wall"], told["cpu"]))
        print("  200 vulnerabilities in %7d manifests: notification after %.2f s, CPU %.2f s, peak %.0f MiB; "
              "where one of them is (%d places) %.2f s, CPU %.2f s"
              % (changed["children"], told["wall"], told["cpu"], told["peak_mib"], found["found"], found["wall"], found["cpu"]))
    all_ = ask(build, "rematch", data, manifests, int(manifests <= 10000))
    print("  all feeds, all packages judged anew: %.1f s, CPU %.1f s, peak %.0f MiB (%d findings%s)"
          % (all_["wall"], all_["cpu"], all_["peak_mib"], all_["findings"],
             ", which %d times an image has" % all_["held"] if all_["held"] else ""))
    print("  all images judged       %.1f s" % ask(build, "summarise", data, manifests)["wall"])
    pages.measure(build, data, *("CVE-%d-10000" % (2100 + hits) for hits in (4, 1))) # of 5 % of them, and of ten
    shutil.rmtree(data)
    return rows


# ---- the plot -------------------------------------------------------------------------------------------------------

WIDTH, HEIGHT, MARGIN = 640, 400, 60
COLOURS = ("#1b6ca8", "#c0392b", "#2e7d32", "#7b1fa2")


def place(value, low, high, extent):
    """Where a value stands on a logarithmic axis."""
    return (math.log10(max(value, low)) - math.log10(low)) / (math.log10(high) - math.log10(low)) * extent


def plot(path, series):
    """CPU seconds from a new generation to the notification, by the manifests that are hit: a line for each inventory."""
    points = [p for rows in series.values() for p in rows]
    right, top = 10 ** math.ceil(math.log10(max(p[0] for p in points))), 10 ** math.ceil(math.log10(max(p[2] for p in points)))
    left, bottom = 1, 0.01

    def at(hit, seconds):
        return MARGIN + place(hit, left, right, WIDTH - 2 * MARGIN), HEIGHT - MARGIN - place(seconds, bottom, top, HEIGHT - 2 * MARGIN)

    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">' % (WIDTH, HEIGHT),
           '<rect width="100%" height="100%" fill="white"/>',
           '<text x="%d" y="24" font-size="14">CPU seconds from a new generation to its notification</text>' % MARGIN,
           '<text x="%d" y="%d" text-anchor="middle">manifests that are hit</text>' % (WIDTH / 2, HEIGHT - 14)]
    for power in range(0, round(math.log10(right)) + 1):
        x, y = at(10 ** power, bottom)
        out.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%d" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="middle">%d</text>'
                   % (x, y, x, MARGIN, x, y + 16, 10 ** power))
    for power in range(-2, round(math.log10(top)) + 1):
        x, y = at(left, 10 ** power)
        out.append('<line x1="%.1f" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end">%g</text>'
                   % (x, y, WIDTH - MARGIN, y, x - 6, y + 4, 10 ** power))
    for i, (manifests, rows) in enumerate(series.items()):
        colour, line = COLOURS[i % len(COLOURS)], [at(hit, cpu) for hit, _, cpu in sorted(rows)]
        out.append('<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>' % (colour, " ".join("%.1f,%.1f" % p for p in line)))
        out += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (*p, colour) for p in line]
        out.append('<text x="%d" y="%d" fill="%s">of %d</text>' % (MARGIN + 10, MARGIN + 16 * (i + 1), colour, manifests))
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n</svg>\n")


def bench(build, work, mirror):
    base = seed(build, work, mirror)
    series = {manifests: measure(build, work, base, manifests) for manifests in sizes()}
    path = os.path.join(build, "bench-scale.svg")
    plot(path, series)
    print("  plot                    %s" % path)
