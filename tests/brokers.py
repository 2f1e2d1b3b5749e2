"""A real RabbitMQ on the loopback interface (Debian's rabbitmq-server), with AMQP and STOMP, both also under TLS.

Everything of it is its own: ports, node name, data, cookie, and the daemon by which Erlang's nodes find each other.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from ports import free_port

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # that in sbin becomes another user first
DEBIAN = "/usr/lib/python3/dist-packages"
START_SECONDS = 120

try:
    import pika
except ImportError:
    # Debian's python3-pika, for a python3 that is not Debian's own.
    sys.path.append(DEBIAN)
    try:
        import pika
    except ImportError:
        pika = None


def need_broker(test):
    return unittest.skipUnless(os.path.exists(SERVER) and pika, "wants Debian's rabbitmq-server and python3-pika")(test)


class Rabbit:
    """`authority` is a registry.Authority."""

    def __init__(self, folder, authority):
        self.folder = folder
        self.amqp, self.amqps, self.stomp, self.stomps, self.epmd, self.distribution = (free_port() for _ in range(6))
        settings = ["listeners.tcp.1 = 127.0.0.1:%d" % self.amqp, "listeners.ssl.1 = 127.0.0.1:%d" % self.amqps,
                    "stomp.listeners.tcp.1 = 127.0.0.1:%d" % self.stomp, "stomp.listeners.ssl.1 = 127.0.0.1:%d" % self.stomps,
                    "ssl_options.cacertfile = " + authority.file, "ssl_options.certfile = " + authority.certificate,
                    "ssl_options.keyfile = " + authority.key, "log.console = true", "log.console.level = warning"]
        self.write("rabbitmq.conf", "\n".join(settings) + "\n")
        self.write("plugins", "[rabbitmq_stomp].\n")
        self.log = os.path.join(folder, "log")
        self.environment = dict(
            os.environ, HOME=folder, RABBITMQ_NODENAME="clarion%d@localhost" % self.amqp, RABBITMQ_MNESIA_BASE=os.path.join(folder, "data"),
            RABBITMQ_LOGS="-", RABBITMQ_LOG_BASE=folder, RABBITMQ_CONFIG_FILE=os.path.join(folder, "rabbitmq.conf"),
            RABBITMQ_ENABLED_PLUGINS_FILE=os.path.join(folder, "plugins"), RABBITMQ_DIST_PORT=str(self.distribution),
            RABBITMQ_PID_FILE=os.path.join(folder, "pid"), ERL_EPMD_PORT=str(self.epmd), ERL_EPMD_ADDRESS="127.0.0.1",
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none")
        self.environment.pop("RABBITMQ_NODE_PORT", None)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([SERVER], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        self.wait()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(text)

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        for port in (self.amqp, self.amqps, self.stomp, self.stomps):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > deadline:
                        self.end()
                        with open(self.log, encoding="utf-8", errors="replace") as f:
                            raise AssertionError("RabbitMQ does not start:\n" + f.read()[-3000:]) from None
                    time.sleep(0.1)

    def channel(self):
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.amqp, heartbeat=0))
        return connection, connection.channel()

    def end(self):
        """Its session holds all of it, the daemon apart, which is asked to end."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(timeout=60)
        epmd = shutil.which("epmd")
        if epmd:
            subprocess.run([epmd, "-port", str(self.epmd), "-kill"], env=self.environment, capture_output=True, check=False, timeout=30)
