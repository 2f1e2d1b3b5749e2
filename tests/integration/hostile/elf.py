"""ELF files put together byte by byte: programs as Go and Rust leave them, and such that lie.

Sources: System V ABI, chapters 4 and 5; Go's debug/buildinfo; cargo-auditable's PARSING.md. Run by itself it writes the
seeds of the fuzz harnesses: elf.py FOLDER.
"""
import json
import os
import struct
import sys
import zlib

R, W, X = 4, 2, 1
MAGIC = b"\xff Go buildinf:"
MARK = b"0123456789abcdef"
LEAST = 16 * 1024  # smaller files are not looked into
MODULES = "path\texample.test/app\nmod\texample.test/app\t(devel)\t\ndep\texample.test/lib\tv1.2.3\th1:x\n"


def elf(parts, wide=True, big=False, sections=True, pad=LEAST):
    """A file of parts (name, bytes, address, flags), each a section and a segment of its own."""
    order, word = ">" if big else "<", "Q" if wide else "I"
    head, segment, section = (64, 56, 64) if wide else (52, 32, 40)
    names, offset, rows, table, body = b"\0", head + segment * len(parts), [], b"", b""
    for name, data, address, flags in parts:
        rows.append((len(names), 1, address, offset + len(body), len(data)))
        if wide:
            table += struct.pack(order + "IIQQQQQQ", 1, flags, offset + len(body), address, address, len(data), len(data), 16)
        else:
            table += struct.pack(order + "IIIIIIII", 1, offset + len(body), address, address, len(data), len(data), flags, 16)
        names += name.encode() + b"\0"
        body += data
    body += bytes(max(0, pad - offset - len(body)))
    rows.append((0, 3, 0, offset + len(body), len(names)))
    body += names
    count = len(rows) + 1 if sections else 0
    ident = b"\x7fELF" + bytes([2 if wide else 1, 2 if big else 1, 1]) + bytes(9)
    header = ident + struct.pack(order + "HHI" + 3 * word + "IHHHHHH", 2, 0, 1, 0, head, offset + len(body) if sections else 0, 0,
                                 head, segment, len(parts), section, count, max(0, count - 1))
    out = header + table + body
    if sections:
        out += bytes(section)
        for name, kind, address, where, size in rows:
            out += struct.pack(order + "II" + 4 * word + "II" + 2 * word, name, kind, 0, address, where, size, 0, 0, 16, 0)
    return out


def varint(n):
    out = b""
    while n >= 0x80:
        out, n = out + bytes([n & 0x7f | 0x80]), n >> 7
    return out + bytes([n])


def inline_info(toolchain="go1.22.1", modules=MODULES):
    text = MARK + modules.encode() + MARK
    return MAGIC + b"\x08\x02" + bytes(16) + varint(len(toolchain)) + toolchain.encode() + varint(len(text)) + text


def pointer_info(address, wide=True, big=False, toolchain="go1.15.2", modules=MODULES):
    order, word, size = ">" if big else "<", "Q" if wide else "I", 8 if wide else 4
    text = MARK + modules.encode() + MARK
    strings = address + 32 + 4 * size
    head = (MAGIC + bytes([size, big]) + struct.pack(order + 2 * word, address + 32, address + 32 + 2 * size)).ljust(32, b"\0")
    return head + struct.pack(order + 4 * word, strings, len(toolchain), strings + len(toolchain), len(text)) + toolchain.encode() + text


def go(info, **how):
    return elf([(".text", b"code", 0x1000, R | X), (".go.buildinfo", info, 0x4000, R | W)], **how)


def rust(section, **how):
    return elf([(".text", b"code", 0x1000, R | X), (".dep-v0", section, 0, R)], **how)


def crates(*names):
    return zlib.compress(json.dumps({"packages": [{"name": n, "version": "1.0.0", "source": "registry"} for n in names]}).encode())


def patched(data, at, value):
    return data[:at] + value + data[at + len(value):]


def hostile():
    """name -> (bytes, what the error says, or None when there is nothing to say)."""
    unreadable, header = "build information cannot be read", MAGIC + b"\x08\x02" + bytes(16)
    good, huge = go(inline_info()), b"\xff" * 8
    return {
        "sections-huge": (patched(good, 40, huge), None),
        "sections-many": (patched(good, 60, b"\xff\xff"), None),
        "sections-none-named": (patched(good, 62, b"\0\0"), None),
        "segments-huge": (patched(patched(good, 32, huge), 40, huge), None),
        "rows-of-nothing": (patched(patched(good, 54, b"\0\0"), 58, b"\0\0"), None),
        "class-unknown": (patched(good, 4, b"\x07"), None),
        "cut-header": (good[:40] + bytes(0), None),
        "length-2-63": (go(header + b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01" + b"go1"), unreadable),
        "varint-endless": (go(header + b"\xff" * 64), unreadable),
        "pointers-out": (go(MAGIC + b"\x08\0" + struct.pack("<QQ", 2 ** 64 - 8, 0x4000)), unreadable),
        "pointers-to-self": (go(MAGIC + b"\x08\0" + struct.pack("<QQ", 0x4010, 0x4010) + bytes(16)), unreadable),
        "info-cut": (go(MAGIC, pad=0) + bytes(LEAST), unreadable),
        "segments-overlapping": (overlapping(), None),
        "crates-bomb": (rust(zlib.compress(b" " * (64 << 20), 9)), "crate_list_bytes"),
        "crates-no-zlib": (rust(b"garbage" * 9), "is no zlib stream"),
        "crates-cut": (rust(crates("a", "b")[:-6]), "is cut short"),
        "crates-deep": (rust(zlib.compress(b"[" * (1 << 20))), ".dep-v0"),
        "crates-odd": (rust(zlib.compress(b'{"packages":7}')), "has no \"packages\""),
    }


def overlapping():
    """60,000 data segments, each as long as the file of 16 MiB."""
    n, size = 60000, 16 << 20
    row = struct.pack("<IIQQQQQQ", 1, R | W, 0, 0x10000, 0x10000, size, size, 16)
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 0, 1, 0, 64, 0, 0, 64, 56, n, 64, 0, 0)
    return (header + row * n).ljust(size, b"\xff")


def main(folder):
    seeds = {
        "go/inline": go(inline_info(), pad=0),
        "go/inline-stripped": go(inline_info(), pad=0, sections=False),
        "go/pointers": go(pointer_info(0x4000), pad=0),
        "go/pointers-32-big": go(pointer_info(0x4000, wide=False, big=True), pad=0, wide=False, big=True),
        "rust/crates": rust(crates("libc", "tool"), pad=0),
        "rust/crates-32": rust(crates("libc"), pad=0, wide=False),
        "binaries/python": b"\0\x7fELF\0003.11.2\0",
        "binaries/ruby": b"\1\x7fELF\0ruby 3.1.2p20 (2022-04-12)\0",
        "binaries/openssl": b"\2\x7fELF OpenSSL 3.0.22 25 Aug 2026\0",
        "binaries/haproxy": b"\3\x7fELF version 2.8.5-aaba8d0, released 2023/12/07\0",
        "binaries/redis": b"\4\x7fELF\0007.2.4\0007.2.4host-17000000000000000000\0",
        "binaries/mariadb": b"\5\x7fELF\00010.11.19-MariaDB\0",
        "binaries/go": b"\6go1.26.8\n",
        "binaries/java": b"\7JAVA_VERSION=\"17.0.9\"\n",
    }
    for name, data in seeds.items():
        os.makedirs(os.path.join(folder, os.path.dirname(name)), exist_ok=True)
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main(sys.argv[1])
