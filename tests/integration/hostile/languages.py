"""Hostile files where packages of languages are looked for: name → (path, contents, what it comes to).

Contents are bytes, or a size that is claimed and filled with nothing. What it comes to is LOST with the words that the
error must have, SKIPPED with those of the remark, or FOUND with the packages."""

LOST, SKIPPED, FOUND = "lost", "skipped", "found"

MIB = 1 << 20
SITE = "usr/lib/python3/site-packages/"
WHEEL = SITE + "%s-1.dist-info/METADATA"
MODULE = "app/node_modules/%s/package.json"
GEM = "usr/local/bundle/specifications/%s-1.gemspec"
COMPOSER = "srv/%s/vendor/composer/installed.json"
DOTNET = "app/%s.deps.json"


def nested(levels, opening=b"[", closing=b"]"):
    return opening * levels + closing * levels


CASES = {
    # Only the beginning is read.
    "large-metadata": (WHEEL % "large", b"Name: large\nVersion: 1\n\n" + b"x\n" * (64 * MIB), (FOUND, [("large", "1")])),
    "large-gemspec": (GEM % "big", b"s.name = 'big'\ns.version = '1'\n" + b"#\n" * (8 * MIB), (FOUND, [("big", "1")])),
    "endless-fields": (WHEEL % "fields", b"X-Y: z\n" * MIB + b"Name: late\nVersion: 9\n", (LOST, ["package_head_bytes", "1048576", "no Name"])),
    "endless-continuation": (WHEEL % "folded", b"Name: folded\nLicense:\n" + b" x\n" * MIB, (LOST, ["package_head_bytes", "no Version"])),
    "endless-version": (WHEEL % "version", b"Name: version\nVersion: " + b"1." * (4 * MIB) + b"\n", (LOST, ["package_head_bytes", "no Version"])),
    "long-version": (WHEEL % "long", b"Name: long\nVersion: " + b"1." * 5000 + b"\n", (LOST, ["field_bytes", "4096"])),
    "long-name": (GEM % "long", b"s.name = '" + b"n" * 5000 + b"'\n", (LOST, ["field_bytes", "4096"])),
    "odd-name": (SITE + "\u202eevil-1.0.dist-info/METADATA", b"Name: \x1b[2J\xe2\x80\xae\xff\nVersion: 1\n", (FOUND, [("\x1b[2J\u202e\ufffd", "1")])),
    "no-name": (WHEEL % "", b"\0" * 100, (SKIPPED, ["no Name"])),
    "junk-gemspec": (GEM % "junk", bytes(range(256)) * 1000, (FOUND, [("junk", "1")])),
    "open-quotes": (GEM % "quotes", b"s.name = %q{\ns.version = \"1\ns.platform = Gem::Version.new('\n" * 10000, (FOUND, [("quotes", "1")])),
    # JSON.
    "deep": (MODULE % "deep", b'{"name":"deep","version":"1","x":' + nested(100000) + b"}", (FOUND, [("deep", "1")])),
    "deep-objects": (MODULE % "objects", nested(100000, b'{"name":', b"}"), (SKIPPED, ["not JSON"])),
    "brackets": (COMPOSER % "brackets", b"[" * (8 * MIB), (LOST, ["not JSON"])),
    "many-values": (MODULE % "values", b'{"name":"values","version":"1","x":[' + b"1," * (3 * MIB) + b"1]}", (FOUND, [("values", "1")])),
    "many-keys": (MODULE % "keys", b'{"name":"keys"' + b',"version":"1"' * 500000 + b"}", (FOUND, [("keys", "1")])),
    "over-limit": (MODULE % "over", b'{"name":"over","version":"1"}' + b" " * (9 * MIB), (LOST, ["package_json_bytes", "8388608"])),
    "claims-terabytes": (DOTNET % "claim", 1 << 44, (LOST, ["package_json_bytes", "17592186044416"])),
    "surrogate": (MODULE % "surrogate", b'{"name":"\\ud800","version":"1"}', (SKIPPED, ["not JSON", "byte"])),
    "cut": (MODULE % "cut", b'{"name":"cut","version":"1"', (SKIPPED, ["not JSON", "byte"])),
    "empty": (MODULE % "empty", b"", (SKIPPED, ["empty"])),
    "types": (MODULE % "types", b'{"name":{"name":"x"},"version":[1]}', (SKIPPED, ["neither a name nor a version"])),
    "list": (MODULE % "list", b'["name","version"]', (SKIPPED, ["neither a name nor a version"])),
    "nul-name": (MODULE % "nul", b'{"name":"a\\u0000b","version":"1"}', (FOUND, [("a\ufffdb", "1")])),
    "odd-packages": (COMPOSER % "odd", b'{"packages":[null,1,"x",[],{"name":[]},{"name":"odd/one","version":"1"}]}', (FOUND, [("odd/one", "1")])),
    "flood-of-packages": (COMPOSER % "flood", b"[" + b"{}," * 100000 + b"{}]", (SKIPPED, ["package 1 has no name"])),
    "cut-list": (COMPOSER % "cut", b'[{"name":"cut/list","version":"1"},', (LOST, ["not JSON", "byte"])),
    "long-key": (DOTNET % "key", b'{"libraries":{"' + b"k" * MIB + b'/1":{"type":"package"}}}', (LOST, ["field_bytes", "4096"])),
    "odd-libraries": (DOTNET % "odd", b'{"libraries":{"/":{"type":"package"},"x":1,"odd/1":{"type":"package"}}}', (FOUND, [("odd", "1")])),
}
