#!/usr/bin/env python3
"""Writes a text file into a C file, as NAME and its length NAME_n: embed-file.py OUTPUT NAME INPUT"""
import sys


def main():
    output, name, path = sys.argv[1:]
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines(keepends=True)
    with open(output, "w", encoding="utf-8") as out:
        out.write("#include <stddef.h>\n\nextern const char %s[];\nextern const size_t %s_n;\nconst char %s[] =\n" % (name, name, name))
        for line in lines:
            out.write('    "%s"\n' % line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
        out.write("    ;\nconst size_t %s_n = sizeof %s - 1;\n" % (name, name))


main()
