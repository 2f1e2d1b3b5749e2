#!/usr/bin/env python3
"""Writes the web page's files into a C file, each as it is and as gzip, under a name with its digest (src/ui/assets.h):
embed-assets.py OUTPUT FILE …"""
import gzip
import hashlib
import os
import sys

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def array(name, data):
    lines = [",".join(map(str, data[i:i + 64])) for i in range(0, len(data), 64)]
    return "static const unsigned char %s[] = {\n%s};\n" % (name, ",\n".join(lines))


def main():
    output, inputs = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
    rows = []
    with open(output, "w", encoding="utf-8") as out:
        out.write('#include "ui/assets.h"\n\n')
        for i, path in enumerate(inputs):
            file = os.path.basename(path)
            with open(path, "rb") as f:
                data = f.read()
            # The map of the style sheet is a file for who works on it, which is not there.
            data = b"\n".join(line for line in data.split(b"\n") if not line.startswith(b"/*# sourceMappingURL="))
            stem, ending = os.path.splitext(file)
            name = "%s.%s%s" % (stem, hashlib.sha256(data).hexdigest()[:16], ending)
            out.write(array("bytes_%d" % i, data) + array("gzip_%d" % i, gzip.compress(data, 9, mtime=0)))
            rows.append('    {"%s", "%s", "%s", bytes_%d, gzip_%d, sizeof bytes_%d, sizeof gzip_%d},\n'
                        % (file, name, TYPES[ending], i, i, i, i))
        out.write("\nconst struct asset assets[] = {\n%s    {0},\n};\n" % "".join(rows))


main()
