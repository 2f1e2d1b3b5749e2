"""Ports of the loopback interface for what is started by a test and opens them a little later."""
import os
import socket

# Below those that the system gives to whoever asks for any (/proc/sys/net/ipv4/ip_local_port_range), so that nobody is
# given one meanwhile. Each process of tests goes its own way through them.
FIRST, LAST = 10000, 32000
place = os.getpid() * 211 % (LAST - FIRST)


def free_port():
    """One that nobody listens on, and that was not given before."""
    global place
    while True:
        place = (place + 1) % (LAST - FIRST)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", FIRST + place))
                return FIRST + place
            except OSError:
                pass
