"""An evaluator of OSV records straight from the schema (https://ossf.github.io/osv-schema/#evaluation), and version orders
straight from their documents: what the matching by Clarion is held against. It shares no code and no idea with src/.
"""
import functools
import itertools
import json
import re
import zipfile

from packaging.version import InvalidVersion, Version


# ---- orders: compare(a, b) < 0, = 0, > 0 ----------------------------------------------------------------------------


def sign(a, b):
    return (a > b) - (a < b)


@functools.lru_cache(100000)
def pep440_key(text):
    """What is no version is below all that are, as packaging had it before version 22."""
    try:
        return 1, Version(text), ""
    except InvalidVersion:
        return 0, Version("0"), text


def pep440(a, b):
    return sign(pep440_key(a), pep440_key(b))


SEMVER = re.compile(r"^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$")


@functools.lru_cache(100000)
def semver_key(text):
    m = SEMVER.match(text)
    if not m:
        raise InvalidVersion(text)
    pre = [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in m[4].split(".")] if m[4] else None
    return [int(m[i] or 0) for i in (1, 2, 3)], pre is None, pre or []


def semver(a, b):
    return sign(semver_key(a), semver_key(b))


@functools.lru_cache(100000)
def gem_segments(text):
    """Gem::Version#canonical_segments: zeros at the end of the numbers and of the rest are dropped."""
    parts = [int(p) if p.isdigit() else p for p in re.findall(r"[0-9]+|[a-z]+", text.replace("-", ".pre."), re.I)]
    word = next((i for i, p in enumerate(parts) if isinstance(p, str)), len(parts))
    out = []
    for half in (parts[:word], parts[word:]):
        while half and half[-1] == 0:
            half = half[:-1]
        out += half
    return out


def gem(a, b):
    for x, y in itertools.zip_longest(gem_segments(a), gem_segments(b), fillvalue=0):
        if x != y:
            if isinstance(x, str) != isinstance(y, str):
                return -1 if isinstance(x, str) else 1
            return sign(x, y)
    return 0


# The POM reference's "Version Order Specification", with what Maven 3.9.1 made of it (MNG-7644): zeros are dropped in front
# of a word, whatever separates them, so that 1.0.0.RC1 is before 1.0.0-RC2.
MAVEN_WORDS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "cr": 3, "snapshot": 4, "": 5, "final": 5, "ga": 5, "release": 5, "sp": 6}


@functools.lru_cache(100000)
def maven_tokens(text):
    tokens, separator = [], ""
    for token, end in re.findall(r"([0-9]+|[^0-9.\-_]*)([.\-_]|(?<=[0-9])(?=[^0-9.\-_])|(?<=[^0-9.\-_])(?=[0-9])|$)", text.lower()):
        if token == "" and end == "":
            continue
        glued = end == ""
        if not token.isdigit() and glued and token in ("a", "b", "m"):
            token = {"a": "alpha", "b": "beta", "m": "milestone"}[token]
        tokens.append((separator, int(token or 0) if token.isdigit() or token == "" else token))
        separator = "-" if end in ("", "-", "_") else "."
    trimmed = []
    for i, (mark, value) in enumerate(tokens):
        if mark == "-" or isinstance(value, str):
            while len(trimmed) > 1 and is_null(trimmed[-1][1]):
                trimmed.pop()
        trimmed.append((mark, value))
    while len(trimmed) > 1 and is_null(trimmed[-1][1]):
        trimmed.pop()
    return trimmed


def is_null(value):
    return value == 0 or (isinstance(value, str) and MAVEN_WORDS.get(value) == 5)


def maven_rank(token):
    mark, value = token
    if isinstance(value, str):
        return (0, MAVEN_WORDS.get(value, 7), value if value not in MAVEN_WORDS else "", 0)
    return (1 if mark == "-" else 2, 0, "", value)


def maven_pad(token):
    return (token[0], "" if isinstance(token[1], str) or token[0] == "-" else 0)


def maven(a, b):
    for x, y in itertools.zip_longest(maven_tokens(a), maven_tokens(b)):
        x, y = maven_rank(x or maven_pad(y)), maven_rank(y or maven_pad(x))
        if x != y:
            return sign(x, y)
    return 0


@functools.lru_cache(100000)
def rpm_runs(text):
    return re.findall(r"[0-9]+|[A-Za-z]+|~|\^", text)


@functools.lru_cache(100000)
def rpm_part(a, b):
    """rpmvercmp(), by rpm's manual "RPM versions": runs of digits or letters; ~ sorts before the end, ^ after it."""
    for x, y in itertools.zip_longest(rpm_runs(a), rpm_runs(b), fillvalue=""):
        if x == y:
            continue
        if "~" in (x, y):
            return -1 if x == "~" else 1
        if "^" in (x, y):
            return (-1 if y else 1) if x == "^" else (1 if x else -1)
        if x == "" or y == "":
            return -1 if x == "" else 1
        if x.isdigit() != y.isdigit():
            return 1 if x.isdigit() else -1
        if x.isdigit() and int(x) == int(y):
            continue
        return sign(int(x), int(y)) if x.isdigit() else sign(x, y)
    return 0


def rpm(a, b):
    (e, a), (f, b) = (v.split(":", 1) if ":" in v else ["0", v] for v in (a, b))
    (v, _, r), (w, _, s) = a.partition("-"), b.partition("-")
    order = sign(int(e), int(f)) or rpm_part(v, w)
    return order or (rpm_part(r, s) if r and s else 0)


# ---- the schema's evaluation ----------------------------------------------------------------------------------------


class Event:
    def __init__(self, kind, version, order):
        self.kind, self.version, self.order = kind, version, order

    def against(self, version):
        """Is `version` below, at or above this event?"""
        return 1 if self.kind == "introduced" and self.version == "0" else self.order(version, self.version)

    def __lt__(self, other):
        if "0" in (self.version if self.kind == "introduced" else "", other.version if other.kind == "introduced" else ""):
            return self.kind == "introduced" and self.version == "0" and not (other.kind == "introduced" and other.version == "0")
        return self.order(self.version, other.version) < 0


def events_of(range_, order):
    return sorted(Event(k, v, order) for e in range_.get("events", []) for k, v in e.items()
                  if k in ("introduced", "fixed", "last_affected", "limit"))


def in_range(version, events):
    limits = [e for e in events if e.kind == "limit"]
    if limits and all(e.version != "*" and e.against(version) >= 0 for e in limits):
        return False
    vulnerable = False
    for e in events:
        if e.kind == "introduced" and e.against(version) >= 0:
            vulnerable = True
        elif e.kind == "fixed" and e.against(version) >= 0:
            vulnerable = False
        elif e.kind == "last_affected" and e.against(version) > 0:
            vulnerable = False
    return vulnerable


def end_of(version, events):
    """The event that ends the range which the version is in; None when nothing does."""
    for e in events:
        if (e.kind == "fixed" and e.against(version) < 0) or (e.kind == "last_affected" and e.against(version) <= 0):
            return e
    return None


def stretches(events):
    """The stretches of versions that the events make, each as its first version ("" for all below) and what ends it."""
    out, first = [], None
    for e in events:
        if e.kind == "introduced":
            first = first or e
        elif e.kind != "limit" and first:
            if not (e.kind == "fixed" and first.version != "0" and first.against(e.version) == 0):
                out.append((first, e))
            first = None
    return [("" if a.version == "0" else a.version, e and e.kind, e and e.version) for a, e in out + ([(first, None)] if first else [])]


NOT, LISTED, UNFIXED = object(), "listed", "unfixed"


def judge(version, affected, order):
    """What one element of "affected" says of a version: NOT, LISTED (affected up to some version), UNFIXED, or the fix."""
    says = []
    for range_ in affected.get("ranges", []):
        if range_["type"] in ("SEMVER", "ECOSYSTEM"):
            events = events_of(range_, order)
            if in_range(version, events):
                end = end_of(version, events)
                says.append(UNFIXED if end is None else end.version if end.kind == "fixed" else LISTED)
    if any(order(version, v) == 0 for v in affected.get("versions", [])):
        says.append(LISTED)
    return strongest(says, order)


def strongest(says, order):
    """No fix at all asks for more than any fix, and the highest fix for most; a mere listing says least."""
    fixes = [s for s in says if s not in (NOT, LISTED, UNFIXED)]
    if UNFIXED in says:
        return UNFIXED
    if fixes:
        return max(fixes, key=functools.cmp_to_key(order))
    return LISTED if LISTED in says else NOT


# ---- records --------------------------------------------------------------------------------------------------------


def normal_python(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def same(name):
    return name


# kind of package: the bucket's folder, the order, how a name is compared
LANGUAGES = {
    "python": ("PyPI", pep440, normal_python),
    "npm": ("npm", semver, same),
    "go": ("Go", semver, same),
    "maven": ("Maven", maven, same),
    "cargo": ("crates.io", semver, same),
    "gem": ("RubyGems", gem, same),
}


def records(feeds, folder):
    with zipfile.ZipFile("%s/osv-vulnerabilities.storage.googleapis.com/%s/all.zip" % (feeds, folder)) as archive:
        for name in archive.namelist():
            yield json.loads(archive.read(name))


def by_package(feeds, folder, normal):
    """Package → [(record, element of "affected")] of the records in force."""
    out = {}
    for record in records(feeds, folder):
        for affected in record.get("affected", []) if not record.get("withdrawn") else []:
            ecosystem = affected["package"]["ecosystem"]
            if ecosystem == folder or (":" not in folder and ecosystem.split(":")[0] == folder):
                out.setdefault(normal(affected["package"]["name"]), []).append((record, affected))
    return out
