#!/usr/bin/env python3
"""Runs every test and closes with one line, `N passed, N failed`: run.py BUILD-FOLDER [-v] [--postgres] [WORD...]

Unit tests are the build's unit-* programs (cmocka, TAP output), the others are Python's unittest cases in
tests/integration and tests/conformance. A WORD runs only the tests whose program or file has it in its name.
Those that are most about what is kept run twice: on SQLite, and on a PostgreSQL server that is started for them. With
--postgres all that keep anything run, and on PostgreSQL alone.
A test that needs the shared folder of images and feeds ($CLARION_SHARED) is skipped when that is not there.
"""
import argparse
import concurrent.futures
import contextlib
import functools
import glob
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TAP = re.compile(r"^(not )?ok \d+ (?:- (.*)|# SKIP (.*))$")  # cmocka says "not ok 3 # SKIP name" of a skipped test
UNIT_SECONDS, FILE_SECONDS = 900, 1800
SUMMARY = re.compile(r" (\d+) passed +(\d+) failed +(\d+) skipped +[0-9.]+ s$")
# Those that have the machine for themselves: they halt, kill and delay what they have started, and look at how soon it goes on.
ALONE = re.compile(r"/integration/cluster/|/test_ui_browser\.py$")
# Programs that open a store, and files of tests that use one in the most ways; others see no more than that it is there.
ON_BOTH_ENGINES = re.compile(r"^(unit-(store-.*|notify-(queue|delta))|test_(clair_api|clair_quay|events|notifications|round_trips|serve|serve_harbor|"
                             r"serve_index|store|summaries|update|vex)\.py)$")
OF_NO_STORE = re.compile(r"^(unit-(?!store-|notify-(queue|delta)$).*|test_(versions_oracle_.*|cvss|targets|targets_brokers)\.py)$")

ENVIRONMENT = dict(os.environ,
                   CMOCKA_MESSAGE_OUTPUT="TAP",
                   ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:exitcode=99:allocator_may_return_null=0",
                   UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
if not ENVIRONMENT.get("CLARION_SHARED"):  # the Makefile exports an empty one; the programs ask whether it is there
    ENVIRONMENT.pop("CLARION_SHARED", None)
ENVIRONMENT.pop("CLARION_DB", None)
# On PostgreSQL each data folder has a database of its own. Whoever starts the program without naming it is to fail.
NO_DATABASE = "postgresql:///the-test-names-no-database?host=/nowhere"


def on_server(server):
    """What a test's environment has to say: tests/store.py and tests/unit/store/opened.h take it from there."""
    return {"CLARION_TEST_DB": server, "CLARION_DB": NO_DATABASE} if server else {}


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self


def called(name, server):
    return name + (" (PostgreSQL)" if server else "")


def run_unit(program, server, verbose):
    """One cmocka program, on a database server when there is a URL of one: its tally, and what to print."""
    tally, lines, name = Tally(), [], called(os.path.basename(program), server)
    start = time.monotonic()
    try:
        done = subprocess.run([program], env=dict(ENVIRONMENT, **on_server(server)), capture_output=True, timeout=UNIT_SECONDS,
                              check=False, stdin=subprocess.DEVNULL)
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


def run_file(path, server, verbose):
    """One file of tests in Python, in this process, on a database server when there is a URL of one. Its last line sums it up."""
    name = called(os.path.relpath(path, HERE), server)
    os.environ.update(on_server(server))
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
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    if not result.testsRun:
        failed += 1
        print("FAILED %s: it ran no test" % name)
    print("%-32s %4d passed %3d failed %3d skipped  %5.1f s" % (name, result.passed, failed, len(result.skipped),
                                                             time.monotonic() - start), flush=True)


def run_python(build, path, server, verbose):
    """The same in a process of its own, so that several run at a time and one that hangs or crashes costs no other: its tally,
    and what to print."""
    command = [sys.executable, os.path.abspath(__file__), build, "--file", path] + (["-v"] if verbose else [])
    process = subprocess.Popen(command + (["--server", server] if server else []), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        out, why = process.communicate(timeout=FILE_SECONDS)[0], "exit status %s" % process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, why = process.communicate()[0], "not done after %d s" % FILE_SECONDS
    lines = out.decode("utf-8", "replace").rstrip("\n").split("\n")
    summary, tally = SUMMARY.search(lines[-1]), Tally()
    if summary:
        tally.passed, tally.failed, tally.skipped = map(int, summary.groups())
    if process.returncode or not summary:
        tally.failed += 1
        lines = lines[-60:] + ["FAILED %s: %s" % (called(os.path.relpath(path, HERE), server), why)]
    return tally, lines


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("words", nargs="*")
    p.add_argument("-v", action="store_true", dest="verbose")
    p.add_argument("--postgres", action="store_true", help="all tests that keep anything, on PostgreSQL alone")
    p.add_argument("--file", help="this file of tests alone, in this process")
    p.add_argument("--server", help="the database server for that")
    args = p.parse_intermixed_args()  # "-v" may stand before the words
    os.environ["CLARION_BUILD"] = os.path.abspath(args.build)
    os.environ.pop("CLARION_DB", None)
    for key in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        os.environ[key] = ENVIRONMENT[key]
    sys.path.insert(0, HERE)
    if args.file:
        run_file(args.file, args.server, args.verbose)
        return

    def chosen(path):
        return not args.words or any(w in os.path.basename(path) for w in args.words)

    def engines(path, server):
        """On which it is to run: the URLs of servers, None for SQLite."""
        name = os.path.basename(path)
        if args.postgres:
            return [] if OF_NO_STORE.match(name) else [server]
        return [None, server] if server and ON_BOTH_ENGINES.match(name) else [None]

    import postgres  # beside this file

    total = Tally()
    programs = [x for x in sorted(glob.glob(os.path.join(args.build, "unit-*"))) if os.access(x, os.X_OK)
                and not os.path.isdir(x) and chosen(x)]
    files = [x for folder in ("integration", "integration/cluster", "conformance", "conformance/clair")
             for x in sorted(glob.glob(os.path.join(HERE, folder, "test_*.py"))) if chosen(x)]
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        server = None
        wanted = args.postgres or any(ON_BOTH_ENGINES.match(os.path.basename(x)) for x in programs + files)
        if wanted and postgres.is_there():
            running = postgres.Server()
            stack.callback(running.stop)
            server = running.url()
        elif wanted:
            total.failed += 1
            print("FAILED: there is no PostgreSQL server to run the store's tests on (scripts/setup.sh --tests)")
            args.postgres = False

        def run(jobs, at_once):
            nonlocal total
            for tally, lines in (pool.map if at_once else map)(lambda job: job(), jobs):
                total += tally
                print("\n".join(lines), flush=True)

        run([functools.partial(run_unit, x, engine, args.verbose) for x in programs for engine in engines(x, server)], True)
        for alone in (False, True):
            run([functools.partial(run_python, args.build, x, engine, args.verbose) for x in files for engine in engines(x, server)
                 if bool(ALONE.search(x)) == alone], not alone)
    if total.skipped and not os.environ.get("CLARION_SHARED"):
        print("%d tests were skipped: most of them want the shared folder of images and feeds ($CLARION_SHARED), "
              "which is not there" % total.skipped)
    elif total.skipped:
        print("%d tests were skipped; `tests/run.py %s -v` says why" % (total.skipped, args.build))
    print("%d passed, %d failed" % (total.passed, total.failed))
    sys.exit(1 if total.failed or not total.passed else 0)


main()
