"""The commands of a page of the documentation, and what they print.

A block marked `console` has commands behind `$ `, their further lines behind `> `, and the output below. In the output `…`
stands for any text within a line, and a line of it alone for any lines.
"""
import contextlib
import os
import re
import signal
import subprocess


def blocks(text):
    """The blocks of a page, each a list of [command, output]."""
    found = []
    for block in re.findall(r"(?ms)^```console\n(.*?)^```$", text):
        steps = []
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append([line[2:], []])
            elif line.startswith("> ") and not steps[-1][1]:
                steps[-1][0] += "\n" + line[2:]
            else:
                steps[-1][1].append(line)
        found.append([(command, "\n".join(output)) for command, output in steps])
    return found


def matches(expected, printed):
    pattern = "\n".join("(?:.*\n?)*?" if line == "…" else re.escape(line).replace("…", ".*?") for line in expected.split("\n"))
    return re.fullmatch(pattern, printed) is not None


def run(commands, folder, environment):
    """What each command prints, run one after the other in one shell."""
    mark = "--- next command ---"
    script = "".join("%s\necho; echo '%s'\n" % (command, mark) for command in commands)
    path = os.path.join(folder, "tour.sh")
    with open(path, "w", encoding="utf-8") as f:
        f.write(script)
    with subprocess.Popen(["bash", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          cwd=folder, env={**os.environ, **environment}, start_new_session=True) as shell:
        try:
            printed = shell.communicate(timeout=150)[0]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
    return [part.strip("\n") for part in printed.split(mark + "\n")[:len(commands)]]
