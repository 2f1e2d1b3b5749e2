#!/usr/bin/env python3
"""Runs every test and closes with one line, `N passed, N failed`: run.py BUILD-FOLDER [-v] [WORD...]

Unit tests are the build's unit-* programs (cmocka, TAP output), the others are Python's unittest cases in
tests/integration and tests/conformance. A WORD runs only the tests whose program or file has it in its name.
A test that needs the shared folder of images and feeds ($CLARION_SHARED) is skipped when that is not there.
"""
import argparse
import concurrent.futures
import contextlib
import glob
import importlib.util
import os
import re
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TAP = re.compile(r"^(not )?ok \d+ (?:- (.*)|# SKIP (.*))$")  # cmocka says "not ok 3 # SKIP name" of a skipped test
UNIT_SECONDS = 900
ON_BOTH_ENGINES = r"^unit-(store-|notify-(queue|delta)$)"  # the programs that open a store

ENVIRONMENT = dict(os.environ,
                   CMOCKA_MESSAGE_OUTPUT="TAP",
                   ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:exitcode=99:allocator_may_return_null=0",
                   UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
if not ENVIRONMENT.get("CLARION_SHARED"):  # the Makefile exports an empty one; the programs ask whether it is there
    ENVIRONMENT.pop("CLARION_SHARED", None)


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self


def run_unit(program, server, verbose):
    """One cmocka program, on a database server when there is a URL of one: its tally, and what to print."""
    tally, lines, name = Tally(), [], os.path.basename(program) + (" (PostgreSQL)" if server else "")
    start = time.monotonic()
    try:
        done = subprocess.run([program], env=dict(ENVIRONMENT, **({"CLARION_TEST_DB": server} if server else {})), capture_output=True, timeout=UNIT_SECONDS, check=False,
                              stdin=subprocess.DEVNULL)
        code, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        code, out, err = "none after %d s" % UNIT_SECONDS, late.stdout or b"", late.stderr or b""
    out, err = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
    for line in out.splitlines():
        m = TAP.match(line)
        if not m:
            continue
        if m.group(3):
            tally.skipped += 1
            if verbose:
                lines.append("skipped %s: %s" % (name, m.group(3)))
        elif m.group(1):
            tally.failed += 1
            lines.append("FAILED %s: %s" % (name, m.group(2)))
        else:
            tally.passed += 1
            if verbose:
                lines.append("ok     %s: %s" % (name, m.group(2)))
    # A crash or a sanitizer's report is a failure of its own, also when every line before it said ok.
    if tally.failed or code != 0:
        if not tally.failed:
            tally.failed = 1
            lines.append("FAILED %s: exit status %s" % (name, code))
        lines.append("\n".join("    " + line for line in (out + err).splitlines()[-60:]))
    elif not tally.passed and not tally.skipped:
        tally.failed = 1
        lines.append("FAILED %s: it ran no test" % name)
    lines.append("%-32s %4d passed %3d failed %3d skipped  %5.1f s" % (name, tally.passed, tally.failed, tally.skipped,
                                                                    time.monotonic() - start))
    for line in out.splitlines() if not tally.failed else []:
        if line.startswith("# note: "):
            lines.append("    " + line[len("# note: "):])
    return tally, lines


class Result(unittest.TextTestResult):
    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def run_python(path, verbose):
    tally, name = Tally(), os.path.relpath(path, HERE)
    start = time.monotonic()
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2 if verbose else 0, resultclass=Result)
    with open(os.devnull, "w", encoding="utf-8") as quiet:
        runner.stream = unittest.runner._WritelnDecorator(sys.stdout if verbose else quiet)
        result = runner.run(suite)
    for kind, items in (("FAILED", result.failures), ("FAILED", result.errors)):
        for test, trace in items:
            print("%s %s: %s\n%s" % (kind, name, test, "\n".join("    " + x for x in trace.splitlines()[-30:])))
    tally.passed, tally.skipped = result.passed, len(result.skipped)
    tally.failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    if not result.testsRun:
        tally.failed += 1
        print("FAILED %s: it ran no test" % name)
    print("%-32s %4d passed %3d failed %3d skipped  %5.1f s" % (name, tally.passed, tally.failed, tally.skipped,
                                                             time.monotonic() - start), flush=True)
    return tally


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("words", nargs="*")
    p.add_argument("-v", action="store_true", dest="verbose")
    args = p.parse_intermixed_args()  # "-v" may stand before the words
    os.environ["CLARION_BUILD"] = os.path.abspath(args.build)
    for key in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        os.environ[key] = ENVIRONMENT[key]
    sys.path.insert(0, HERE)

    def chosen(path):
        return not args.words or any(w in os.path.basename(path) for w in args.words)

    import postgres  # beside this file

    total = Tally()
    programs = [x for x in sorted(glob.glob(os.path.join(args.build, "unit-*"))) if os.access(x, os.X_OK)
                and not os.path.isdir(x) and chosen(x)]
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        runs = [(x, None) for x in programs]
        stored = [x for x in programs if re.search(ON_BOTH_ENGINES, os.path.basename(x))]
        if stored and postgres.is_there():
            server = postgres.Server()
            stack.callback(server.stop)
            runs += [(x, server.url()) for x in stored]
        elif stored:
            total.failed += 1
            print("FAILED: there is no PostgreSQL server to run the store's tests on (scripts/setup.sh --tests)")
        for tally, lines in pool.map(lambda x: run_unit(*x, args.verbose), runs):
            total += tally
            print("\n".join(lines), flush=True)
    for folder in ("integration", "conformance", "conformance/clair"):
        for path in sorted(glob.glob(os.path.join(HERE, folder, "test_*.py"))):
            if chosen(path):
                total += run_python(path, args.verbose)
    if total.skipped and not os.environ.get("CLARION_SHARED"):
        print("%d tests were skipped: most of them want the shared folder of images and feeds ($CLARION_SHARED), "
              "which is not there" % total.skipped)
    elif total.skipped:
        print("%d tests were skipped; `tests/run.py %s -v` says why" % (total.skipped, args.build))
    print("%d passed, %d failed" % (total.passed, total.failed))
    sys.exit(1 if total.failed or not total.passed else 0)


main()
