#!/usr/bin/env python3
"""Runs a program with what a systemd unit takes from it, where no systemd runs: confined.py UNIT COMMAND...

Of the unit's settings these are done as systemd does them: SystemCallFilter (its groups as `systemd-analyze` lists them),
SystemCallErrorNumber, RestrictAddressFamilies, RestrictNamespaces, MemoryDenyWriteExecute, NoNewPrivileges, the loss of all
capabilities, and, for root, another user. Those that make a view of the file system are not.
"""
import ctypes
import errno
import os
import subprocess
import sys

USER = 61234  # of those that DynamicUser= chooses from
ALLOW, ERRNO = 0x7fff0000, 0x00050000
EQ, MASKED_EQ = 4, 7
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
NAMESPACES = 0x7e020080  # CLONE_NEW*
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


class Unit:
    """The settings of [Service]: those that are given several times as a list of all values."""

    def __init__(self, path):
        self.settings = {}
        with open(path, encoding="utf-8") as f:
            for line in f:
                if "=" in line and not line.startswith("#"):
                    name, value = line.strip().split("=", 1)
                    self.settings.setdefault(name, []).append(value)

    def __getitem__(self, name):
        return self.settings.get(name, [])

    def yes(self, name):
        return self[name] == ["yes"]


def group(name):
    """The system calls of a group of systemd's, those in it included."""
    text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", name], capture_output=True, check=True).stdout.decode()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            yield from group(word)
        elif word and not word.startswith("#"):
            yield word


def calls(unit):
    allowed = set()
    for value in unit["SystemCallFilter"]:
        names = {call for word in value.lstrip("~").split() for call in (group(word) if word.startswith("@") else [word])}
        allowed = allowed - names if value.startswith("~") else allowed | names
    return allowed | set(group("@default"))


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """One more seccomp filter over this process, for good."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p

    def __init__(self, otherwise):
        self.filter = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action, call, *comparisons):
        number = self.library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return  # of another architecture
        array = (Comparison * len(comparisons))(*comparisons)
        if self.library.seccomp_rule_add_array(self.filter, ctypes.c_uint32(action), number, len(comparisons), array):
            sys.exit("confined: no rule can be made for %s" % call)

    def load(self):
        if self.library.seccomp_load(self.filter):
            sys.exit("confined: the kernel does not take the filter")


def confine(unit):
    allowed = calls(unit)  # while programs can be run
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)  # the capabilities go with root
    if unit.yes("NoNewPrivileges") and ctypes.CDLL(None).prctl(38, 1, 0, 0, 0):  # PR_SET_NO_NEW_PRIVS
        sys.exit("confined: no_new_privs cannot be set")
    others = Filter(ALLOW)
    families = [FAMILIES[name] for name in " ".join(unit["RestrictAddressFamilies"]).split()]
    for family in range(64) if families else ():
        if family not in families:
            others.add(ERRNO | errno.EAFNOSUPPORT, "socket", Comparison(0, EQ, family, 0))
    if unit.yes("RestrictNamespaces"):
        for bit in (1 << i for i in range(32) if NAMESPACES >> i & 1):
            others.add(ERRNO | errno.EPERM, "unshare", Comparison(0, MASKED_EQ, bit, bit))
            others.add(ERRNO | errno.EPERM, "clone", Comparison(0, MASKED_EQ, bit, bit))
        others.add(ERRNO | errno.ENOSYS, "clone3")  # whose flags a filter cannot see
    if unit.yes("MemoryDenyWriteExecute"):
        both = PROT_WRITE | PROT_EXEC
        others.add(ERRNO | errno.EPERM, "mmap", Comparison(2, MASKED_EQ, both, both))
        for call in ("mprotect", "pkey_mprotect"):
            others.add(ERRNO | errno.EPERM, call, Comparison(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
        others.add(ERRNO | errno.EPERM, "shmat", Comparison(2, MASKED_EQ, SHM_EXEC, SHM_EXEC))
    others.load()
    service = Filter(ERRNO | getattr(errno, unit["SystemCallErrorNumber"][0]))
    for call in sorted(allowed):
        service.add(ALLOW, call)
    service.load()


if __name__ == "__main__":
    confine(Unit(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
