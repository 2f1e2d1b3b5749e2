"""An evaluator of OVAL straight from the language (https://oval-community-guidelines.readthedocs.io, 5.11): is a definition
true of a machine? What Clarion makes of the same files is held against it. It shares no code and no idea with src/: it
knows nothing of rules of one package, it asks each test of a machine.
"""
import bz2
import gzip
import re
import xml.etree.ElementTree as ET

import osv


# ---- deb-version(7) -------------------------------------------------------------------------------------------------


def deb_character(c):
    """~ before the end, the end before letters, letters before the rest."""
    return -1 if c == "~" else 0 if c == "" else ord(c) if c.isalpha() else ord(c) + 256


def deb_part(a, b):
    while a or b:
        x, y = re.match(r"\D*", a)[0], re.match(r"\D*", b)[0]
        for i in range(max(len(x), len(y))):
            order = osv.sign(deb_character(x[i:i + 1]), deb_character(y[i:i + 1]))
            if order:
                return order
        a, b = a[len(x):], b[len(y):]
        n, m = re.match(r"\d*", a)[0], re.match(r"\d*", b)[0]
        order = osv.sign(int(n or 0), int(m or 0))
        if order:
            return order
        a, b = a[len(n):], b[len(m):]
    return 0


def deb(a, b):
    def split(text):
        epoch, text = text.split(":", 1) if ":" in text else ("0", text)
        upstream, _, revision = text.rpartition("-") if "-" in text else (text, "", "")
        return int(epoch), upstream, revision
    (e, u, r), (f, v, s) = split(a), split(b)
    return osv.sign(e, f) or deb_part(u, v) or deb_part(r, s)


# ---- a file ---------------------------------------------------------------------------------------------------------


def local(element):
    return element.tag.rpartition("}")[2]


def children(element, name):
    return [c for c in element if local(c) == name]


def child(element, name):
    return next(iter(children(element, name)), None)


class File:
    def __init__(self, path):
        opener = {"bz2": bz2.open, ".gz": gzip.open}.get(path[-3:], open)
        with opener(path, "rb") as f:
            root = ET.parse(f).getroot()
        self.definitions = [e for e in root.iter() if local(e) == "definition"]
        self.by_id = {}
        for section in root:
            for e in section:
                self.by_id.setdefault(e.get("id"), e)
        self.results = {}
        self.naming = {}
        for d in self.definitions:
            for thing in {self.thing_of(c) for c in d.iter() if local(c) == "criterion"} - {None}:
                self.naming.setdefault(thing, []).append(d)

    def thing_of(self, criterion):
        """The name of the packages that a criterion asks for, or of the variable that has their names."""
        test = self.by_id.get(criterion.get("test_ref"))
        thing = test is not None and self.by_id.get(child(test, "object").get("object_ref"))
        name = child(thing, "name") if thing is not None and thing is not False else None
        return None if name is None else name.get("var_ref") or name.text

    # ---- what a definition says of itself

    def cves(self, definition):
        texts = [r.get("ref_id") for r in definition.iter() if local(r) == "reference" and "CVE" in r.get("source")]
        texts += [c.text or "" for c in definition.iter() if local(c) == "cve"]
        found = [m[0] for m in (re.search(r"CVE-\d{4}-\d{4,}", t) for t in texts) if m]
        return list(dict.fromkeys(found))

    # ---- evaluation: None when it cannot be told

    def definition_holds(self, definition, machine):
        return self.criteria_hold(child(definition, "criteria"), machine)

    def criteria_hold(self, node, machine):
        kind = local(node)
        if kind == "criterion":
            result = self.test_holds(node.get("test_ref"), machine)
        elif kind == "extend_definition":
            result = self.definition_holds(self.by_id[node.get("definition_ref")], machine)
        else:
            results = [self.criteria_hold(c, machine) for c in node]
            if node.get("operator", "AND") == "AND":
                result = False if False in results else None if None in results else True
            else:
                result = True if True in results else None if None in results else False
        return (not result) if node.get("negate") == "true" and result is not None else result

    def test_holds(self, test_id, machine):
        test = self.by_id.get(test_id)
        if test is None:
            return None
        key = test_id, machine.key
        if key not in self.results:
            self.results[key] = self.ask(test, machine)
        return self.results[key]

    def ask(self, test, machine):
        reference, states = child(test, "object"), [self.by_id.get(s.get("state_ref")) for s in children(test, "state")]
        thing = self.by_id.get(reference.get("object_ref"))
        if thing is None or None in states:
            return None
        if local(test) == "textfilecontent54_test":
            return self.text_holds(thing, states, machine)
        if local(test) not in ("rpminfo_test", "dpkginfo_test"):
            return None
        items = [i for i in machine.items if self.is_named(child(thing, "name"), i)]
        results = [self.state_holds(s, i) for i in items for s in states]
        return bool(items) and (None if None in results else all(results))

    def is_named(self, name, item):
        """What an item has under "name" may be a variable, for a package that is built from the source that it is of."""
        return item["name"] == (name.get("var_ref") or name.text)

    def state_holds(self, state, item):
        results = [self.entity_holds(e, item) for e in state]
        return False if False in results else None if None in results else True

    def entity_holds(self, entity, item):
        kind, wanted, operation = local(entity), (entity.text or "").strip(), entity.get("operation", "equals")
        if kind == "signature_keyid":
            return True  # every package is taken for the vendor's
        if kind == "evr":
            order = (deb if entity.get("datatype") == "debian_evr_string" else osv.rpm)(item["evr"], wanted)
            return {"less than": order < 0, "less than or equal": order <= 0, "equals": order == 0, "greater than": order > 0,
                    "greater than or equal": order >= 0}.get(operation)
        epoch_less = item["evr"].split(":")[-1]
        has = {"arch": item["arch"], "version": epoch_less.partition("-")[0], "release": epoch_less.partition("-")[2]}[kind]
        return {"equals": has == wanted, "pattern match": bool(re.search(wanted, has))}.get(operation)

    def text_holds(self, thing, states, machine):
        """The one file that is asked for is dnf's, of a module that is enabled."""
        name, _, stream = machine.module.partition(":")
        path = "/etc/dnf/modules.d/%s.module" % name
        text = "[%s]\nname=%s\nprofiles=\nstate=enabled\nstream=%s\nstate=enabled\n" % (name, name, stream)
        if not name or child(thing, "filepath").text != path:
            return False
        found = re.search(child(thing, "pattern").text, text)
        return bool(found) and all(re.search(child(s, "text").text, found[0]) for s in states)


class Machine:
    """One package, and the release packages by which products are told."""

    def __init__(self, releases, name, evr, arch, module=""):
        self.items = [*releases, {"name": name, "evr": evr, "arch": arch}]
        self.module = module
        self.key = name, evr, arch, module, tuple(r["name"] + r["evr"] + r["arch"] for r in releases)


def release(name, version, arch="noarch"):
    return {"name": name, "evr": version + "-1", "arch": arch}


# ---- counting -------------------------------------------------------------------------------------------------------


def ways(node):
    """The ways in which criteria hold, as lists of criteria: the disjunctive normal form."""
    if local(node) in ("criterion", "extend_definition"):
        return [[node]]
    parts = [ways(c) for c in node]
    if node.get("operator", "AND") == "OR":
        return [w for part in parts for w in part]
    product = [[]]
    for part in parts:
        product = [a + [n for n in b if n not in a] for a in product for b in part]
    return product
