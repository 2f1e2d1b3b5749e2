"""A network namespace behind links of our own: pairs of TUN devices, between which packets are forwarded as a bad network would,
late, out of their order, or not at all. Needs root, /dev/net/tun and iproute2."""
import fcntl
import heapq
import os
import random
import select
import shutil
import struct
import subprocess
import threading
import time

TUN = "/dev/net/tun"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000  # linux/if_tun.h
PACKET = 65536


def missing():
    """Why there can be no such network; None when there can."""
    if os.getuid() != 0:
        return "network devices are made by root alone"
    if not shutil.which("ip"):
        return "there is no ip(8)"
    if not os.path.exists(TUN):
        return "there is no " + TUN
    return None


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, stdin=subprocess.DEVNULL)


def device(name):
    """The end of a new device that is not the kernel's."""
    fd = os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


class Link:
    """Between 10.213.NUMBER.1, here, and 10.213.NUMBER.2, in the namespace. `delay` and `jitter` are of a packet's way, in seconds;
    `loss` is a share. All may be set at any time: a cable that is pulled loses everything, and nobody is told."""

    def __init__(self, namespace, number, seed):
        self.delay, self.jitter, self.loss = 0, 0, 0
        self.passed, self.lost = 0, 0
        self.near, self.far = ("10.213.%d.%d" % (number, side) for side in (1, 2))
        self.chance = random.Random(seed)
        names = ["cl%d%s%d" % (os.getpid() % 1000000, side, number) for side in "nf"]
        self.ends = [device(name) for name in names]
        ip("link", "set", names[1], "netns", namespace)
        for place, name, address in (((), names[0], self.near), (("-n", namespace), names[1], self.far)):
            ip(*place, "addr", "add", address + "/24", "dev", name)
            ip(*place, "link", "set", name, "up")
        self.stop, self.wake = os.pipe()
        self.thread = threading.Thread(target=self.forward, daemon=True)
        self.thread.start()

    def forward(self):
        due, serial = [], 0  # packets on their way, by the time at which they come out at the other end
        while True:
            wait = max(0, due[0][0] - time.monotonic()) if due else None
            readable, _, _ = select.select([*self.ends, self.stop], [], [], wait)
            if self.stop in readable:
                return
            for end in readable:
                packet = os.read(end, PACKET)
                if self.chance.random() < self.loss:
                    self.lost += 1
                    continue
                self.passed, serial = self.passed + 1, serial + 1
                late = self.delay + self.chance.uniform(-self.jitter, self.jitter)
                heapq.heappush(due, (time.monotonic() + late, serial, self.ends[end == self.ends[0]], packet))
            while due and due[0][0] <= time.monotonic():
                _, _, end, packet = heapq.heappop(due)
                os.write(end, packet)

    def pull(self):
        self.loss = 1

    def plug(self):
        self.loss = 0

    def close(self):
        """The devices go with their descriptors."""
        os.close(self.wake)
        self.thread.join()
        for fd in (*self.ends, self.stop):
            os.close(fd)


class Network:
    """A namespace with so many links; what is random about them comes from the seed."""

    def __init__(self, links, seed):
        self.name, self.links = "clarion-%d" % os.getpid(), []
        ip("netns", "add", self.name)
        try:
            ip("-n", self.name, "link", "set", "lo", "up")
            for number in range(links):
                self.links.append(Link(self.name, number, seed + number))
        except BaseException:
            self.close()
            raise

    def command(self, *arguments):
        """One that runs in the namespace."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def close(self):
        for link in self.links:
            link.close()
        ip("netns", "del", self.name)
