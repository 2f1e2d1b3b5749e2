"""A PostgreSQL server of our own: started from the distribution's package on a private socket, without a network."""
import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

# What is written need not survive the machine: tests kill the server, never the kernel under it.
SETTINGS = {"listen_addresses": "''", "fsync": "off", "full_page_writes": "off", "max_connections": "200",
            "shared_buffers": "64MB", "autovacuum_naptime": "10s", "log_min_messages": "error"}


def programs():
    """The folder of the newest server's programs; None when there is none."""
    found = [os.path.dirname(x) for x in glob.glob("/usr/lib/postgresql/*/bin/postgres")]
    return max(found, key=lambda x: int(x.split("/")[-2])) if found else shutil.which("postgres") and os.path.dirname(
        shutil.which("postgres"))


def is_there():
    return programs() is not None


class Server:
    """Started at once; to be stopped with stop(). `settings` are of postgresql.conf."""

    def __init__(self, **settings):
        self.folder = tempfile.mkdtemp(prefix="clarion-pg-", dir="/tmp")
        self.data = os.path.join(self.folder, "data")
        self.settings = dict(SETTINGS, unix_socket_directories="'%s'" % self.folder, **settings)
        self.process = None
        self.databases = 0
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            shutil.chown(self.folder, self.user)
        os.chmod(self.folder, 0o755)
        self.as_user("initdb", "-D", self.data, "-U", "clarion", "--auth=trust", "--no-sync", "-E", "UTF8",
                     "--locale=C.UTF-8")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as f:
            f.writelines("%s = %s\n" % x for x in self.settings.items())
        self.start()

    def command(self, program, *arguments):
        program = os.path.join(programs(), program)
        return (["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups", "--", program] if os.getuid() == 0
                else [program]) + list(arguments)

    def as_user(self, program, *arguments):
        subprocess.run(self.command(program, *arguments), check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(self.command("postgres", "-D", self.data), stdout=log, stderr=log, cwd="/",
                                            start_new_session=True)
        end = time.monotonic() + 30
        while subprocess.run(self.command("pg_isready", "-q", "-h", self.folder), check=False, cwd="/").returncode:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError("PostgreSQL does not start: %s" % self.log())
            time.sleep(0.02)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()[-4000:]

    def halt(self, how=signal.SIGINT):
        """SIGINT: connections are cut, what was committed is kept. SIGQUIT: as a crash."""
        self.process.send_signal(how)
        self.process.wait(30)

    def restart(self, how=signal.SIGINT):
        self.halt(how)
        self.start()

    def url(self, database="postgres"):
        return "postgresql:///%s?host=%s&user=clarion" % (database, self.folder)

    def sql(self, text, database="postgres"):
        """Its answer, a line for each row, columns separated by |."""
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, self.url(database)], check=True,
                              capture_output=True, text=True, cwd="/").stdout

    def new_database(self):
        """The URL of an empty one."""
        self.databases += 1
        name = "test_%d_%d" % (os.getpid(), self.databases)
        self.sql("CREATE DATABASE %s" % name)
        return self.url(name)

    def stop(self):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            self.halt(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
