"""Where the program under test keeps what it knows: in the data folder, or, when $CLARION_TEST_DB is the URL of a database
server, in a database there, each data folder in one of its own. Tests look into it here, the same way on both."""
import contextlib
import itertools
import os
import re
import shutil
import sqlite3
import threading
import time
import unittest

import libpq

DATABASES = {}  # of each data folder, its name
NUMBERS = itertools.count(1)
HEARD_SECONDS = 0.3
LOCK = threading.Lock()


def server():
    return os.environ.get("CLARION_TEST_DB")


def url_of(database):
    """That of the server with the name of a database in it: "postgresql:///postgres?host=…"."""
    return re.sub(r"/[^/?]*\?", "/%s?" % database, server(), count=1)


def on_server(sql):
    with contextlib.closing(libpq.Connection(server())) as connection:
        connection.ask(sql)


def url(data):
    """Of the data folder's database, which is made when it is first asked for; None when it is a file in the folder."""
    data = os.path.abspath(data)
    with LOCK:
        if server() and data not in DATABASES:
            name = "test_%d_%d" % (os.getpid(), next(NUMBERS))
            on_server("CREATE DATABASE " + name)
            DATABASES[data] = name
    return url_of(DATABASES[data]) if server() else None


def environment(data, more=None):
    """A process's environment, in which the program finds the store that belongs to this data folder."""
    place = url(data)
    return dict(os.environ, **({"CLARION_DB": place} if place else {}), **(more or {}))


def forget(folder):
    """Drops the databases of the data folders in this one, or of itself."""
    for data in [d for d in DATABASES if d == folder or d.startswith(folder + os.sep)]:
        on_server("DROP DATABASE %s WITH (FORCE)" % DATABASES.pop(data))


def remove(data):
    """A data folder with all that is in it."""
    shutil.rmtree(data)
    forget(os.path.abspath(data))


def let_hear():
    """Those who use a file see at once that another process has changed it. A server tells them, a moment later."""
    if server():
        time.sleep(HEARD_SECONDS)


def only_sqlite(why):
    return unittest.skipIf(server(), "of SQLite alone: " + why)


@contextlib.contextmanager
def transaction(data):
    """A function that runs a statement, with ? for each value, and gives its rows. What it writes is there at the end; nobody
    else may write to a file meanwhile."""
    if server():
        with contextlib.closing(libpq.Connection(url(data))) as connection:
            connection.ask("BEGIN")

            def ask(sql, *values):
                numbers = itertools.count(1)
                return connection.ask(re.sub(r"\?", lambda _: "$%d" % next(numbers), sql), *values)
            yield ask
            connection.ask("COMMIT")
    else:
        with contextlib.closing(sqlite3.connect(os.path.join(data, "clarion.db"), timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield lambda sql, *values: connection.execute(sql, values).fetchall()
            connection.execute("COMMIT")


def query(data, sql, *values):
    """The rows of one statement."""
    if server():
        with transaction(data) as ask:
            return ask(sql, *values)
    with contextlib.closing(sqlite3.connect(os.path.join(data, "clarion.db"), timeout=30, isolation_level=None)) as connection:
        return connection.execute(sql, values).fetchall()
