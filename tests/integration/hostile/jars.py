"""Java archives that mean harm. `all_of_them` gives (name, bytes, the limit or the words that the error must have)."""
import io
import struct
import zipfile
import zlib

PLACE = "META-INF/maven/%s/%s/pom.properties"


def pom(group, artifact, version):
    return PLACE % (group, artifact), "groupId=%s\nartifactId=%s\nversion=%s\n" % (group, artifact, version)


def jar(*members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, content in members:
            z.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()


def zeros(size):
    """Deflated zeros, of whole MiBs, without ever having them all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (size >> 20) + packer.flush()


def local(name, data):
    return struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, 0, 0, len(name), 0) + name + data


def entry(name, packed, size, offset, method=8, extra=b"", flags=0):
    return struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, flags, method, 0, 0, 0, packed, size, len(name), len(extra), 0, 0, 0,
                       0, offset) + name + extra


def end(count, size, offset):
    return struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, min(count, 0xffff), min(count, 0xffff), size, offset, 0)


def archive(body, directory, count=1):
    return body + directory + end(count, len(directory), len(body))


def one(name, packed_data, size, ballast=b""):
    """An archive of one member whose data are ready."""
    return archive(local(name, packed_data) + ballast, entry(name, len(packed_data), size, 0))


def deep(levels):
    inner = jar(pom("org.example", "level%d" % levels, "1.0"))
    for level in reversed(range(levels)):
        inner = jar(pom("org.example", "level%d" % level, "1.0"), ("lib/inner.jar", inner))
    return inner


def tree(levels, breadth):
    """Archives of which each has the next one many times: few bytes, breadth to the power of levels places."""
    inner = jar(pom("org.example", "leaf", "1.0"))
    for _ in range(levels):
        inner = jar(*[("%d.jar" % i, inner) for i in range(breadth)])
    return inner


def overlapping(count):
    """Many members that share one stretch of packed data."""
    data = zeros(16 << 20)
    return archive(local(b"0.jar", data), b"".join(entry(b"%d.jar" % i, len(data), 16 << 20, 0) for i in range(count)), count)


def crowd(count):
    name = b"x"
    return archive(local(name, b"\3\0"), entry(name, 2, 0, 0) * count, count)


def lying_zip64(offset):
    extra = struct.pack("<2H3Q", 1, 24, 1 << 63, 1 << 63, offset)
    return archive(local(b"a.jar", b"\3\0"), entry(b"a.jar", 0xffffffff, 0xffffffff, 0xffffffff, extra=extra))


def beyond_the_end():
    good = bytearray(jar(pom("org.example", "beyond", "1.0")))
    good[-6:-2] = struct.pack("<I", len(good) * 4)
    return bytes(good)


def all_of_them():
    half = jar(pom("org.example", "half", "1.0"), ("big", bytes(range(256)) * 40))
    return [
        ("deep", deep(30), "jar_depth"),
        ("tree", tree(6, 30), "jar_"),
        ("crowd", crowd(1000001), "jar_entries"),
        ("overlapping", overlapping(500), "jar_ratio"),
        ("inner-bomb", one(b"lib/x.jar", zeros(200 << 20), 200 << 20), "jar_ratio"),
        ("inner-large", one(b"lib/x.jar", zeros(200 << 20), 200 << 20, bytes(3 << 20)), "jar_inner_bytes"),
        ("inner-liar", one(b"lib/x.jar", zeros(200 << 20), 1, bytes(3 << 20)), "jar_inner_bytes"),
        ("manifest", one(b"META-INF/MANIFEST.MF", zeros(1 << 30), 1 << 30), "jar_text_bytes"),
        ("properties", one((PLACE % ("a", "b")).encode(), zeros(64 << 20), 64 << 20), "jar_text_bytes"),
        ("beyond", beyond_the_end(), "no central directory"),
        ("cut", half[:len(half) // 2], "no central directory"),
        ("zip64-size", lying_zip64(0), "said to have"),
        ("zip64-offset", lying_zip64((1 << 64) - 1), "no local header"),
        ("far", archive(local(b"a.jar", b"\3\0"), entry(b"a.jar", 2, 0, 0xfffffffe)), "no local header"),
        ("stored-liar", archive(local(b"a.jar", b"x"), entry(b"a.jar", 0x7fffffff, 1, 0, method=0)), "said to have"),
        ("encrypted", archive(local(b"a.jar", b"\3\0"), entry(b"a.jar", 2, 0, 0, flags=1)), "is encrypted"),
        ("method", archive(local(b"a.jar", b"\3\0"), entry(b"a.jar", 2, 0, 0, method=14)), "method 14"),
        ("broken", one(b"a.jar", b"\xff\xff\xff\xff", 4), "a fault in its packed data"),
        ("junk-directory", archive(local(b"a", b"\3\0"), entry(b"a", 2, 0, 0) + b"junk"), "no entry at byte"),
    ]
