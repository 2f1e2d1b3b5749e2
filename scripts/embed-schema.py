#!/usr/bin/env python3
"""Writes the store's migrations into a C file: embed-schema.py OUTPUT 0001_name.sql 0002_name.sql …"""
import os
import sys


def literal(text):
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("--")]
    return "\n".join('     "%s\\n"' % line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)


def main():
    output, inputs = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
    with open(output, "w", encoding="utf-8") as out:
        out.write('#include "store/schema.h"\n\nconst struct schema_step schema_steps[] = {\n')
        for path in inputs:
            with open(path, encoding="utf-8") as f:
                name = os.path.basename(path)[:-len(".sql")]
                out.write('    {"%s",\n%s},\n' % (name, literal(f.read())))
        out.write("    {0, 0},\n};\n")


main()
