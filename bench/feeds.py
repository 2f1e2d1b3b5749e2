"""Makes feeds of the size of the real upstreams, in their forms, the same ones each time.

    Debian's tracker        70 MB of JSON
    Ubuntu's OVAL          200 MB of XML, packed with bzip2, of one release
    OSV's archive of PyPI  300,000 records in a zip archive

A mirror folder holds them as https://HOST/PATH would: HOST/PATH.
"""
import bz2
import json
import os
import random
import zipfile

DEBIAN = os.path.join("security-tracker.debian.org", "tracker", "data", "json")
UBUNTU = os.path.join("security-metadata.canonical.com", "oval", "com.ubuntu.noble.cve.oval.xml.bz2")
PYPI = os.path.join("osv-vulnerabilities.storage.googleapis.com", "PyPI", "all.zip")

RELEASES = ["bullseye", "bookworm", "trixie", "forky", "sid"]
WORDS = ("a", "crafted", "remote", "attacker", "could", "memory", "overflow", "parser", "request", "denial", "of", "service",
         "heap", "file", "local", "user", "before", "version", "improper", "validation", "in", "the", "header", "code")


def words(chance, n):
    return " ".join(chance.choices(WORDS, k=n))


def version(chance):
    return "%d.%d.%d-%d" % (chance.randrange(9), chance.randrange(30), chance.randrange(30), 1 + chance.randrange(5))


def debian(path, most_bytes=70_000_000):
    chance, size, package = random.Random(1), 2, 0
    with open(path, "w", encoding="utf-8") as f:
        f.write("{")
        while size < most_bytes:
            package += 1
            entry = {}
            for _ in range(1 + int(chance.expovariate(1 / 12))):
                releases = {}
                for release in RELEASES:
                    resolved = chance.random() < 0.8
                    releases[release] = {"status": "resolved" if resolved else "open", "repositories": {release: version(chance)},
                                         **({"fixed_version": version(chance)} if resolved else {}),
                                         "urgency": chance.choice(["not yet assigned", "low", "medium", "unimportant"])}
                entry["CVE-%d-%d" % (chance.randrange(2005, 2027), chance.randrange(1000, 60000))] = {
                    "description": words(chance, 20), "scope": "local", "releases": releases}
            text = "%s\n%s: %s" % ("," if package > 1 else "", json.dumps("source-%d" % package), json.dumps(entry))
            size += len(text)
            f.write(text)
        f.write("\n}\n")


HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5" '
        'xmlns:oval="http://oval.mitre.org/XMLSchema/oval-common-5" '
        'xmlns:linux-def="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux">\n<generator><oval:product_name>bench'
        '</oval:product_name><oval:schema_version>5.11.1</oval:schema_version></generator>\n')


def ubuntu(path, most_bytes=200_000_000):
    """Definitions, then the tests, objects, states and variables that they refer to."""
    chance, size, n = random.Random(2), 0, 0
    name = "oval:com.ubuntu.noble:%s:%d"
    objects = ["source-%d" % i for i in range(5000)]
    tests, states = [], []
    with bz2.open(path, "wt", compresslevel=9, encoding="utf-8") as f:
        f.write(HEAD + "<definitions>\n")
        while size < most_bytes:
            n += 1
            cve, criteria = "CVE-%d-%d" % (2005 + n % 22, 1000 + n), []
            for _ in range(1 + int(chance.expovariate(1))):
                at, package, fixed = len(tests), chance.randrange(len(objects)), version(chance)
                tests.append('<linux-def:dpkginfo_test id="%s" version="1" check_existence="at_least_one_exists" check="at least one" '
                             'comment="Does the \'%s\' package exist and is the version less than \'%s\'?"><linux-def:object '
                             'object_ref="%s"/><linux-def:state state_ref="%s"/></linux-def:dpkginfo_test>\n'
                             % (name % ("tst", at), objects[package], fixed, name % ("obj", package), name % ("ste", at)))
                states.append('<linux-def:dpkginfo_state id="%s" version="1" comment="The package version is less than \'%s\'."><linux-def:evr '
                              'datatype="debian_evr_string" operation="less than">0:%s</linux-def:evr></linux-def:dpkginfo_state>\n'
                              % (name % ("ste", at), fixed, fixed))
                criteria.append('<criterion test_ref="%s" comment="%s package in noble was vulnerable but has been fixed (note: \'%s\')."/>'
                                % (name % ("tst", at), objects[package], fixed))
                size += len(tests[-1]) + len(states[-1]) + len(criteria[-1])
            text = ('<definition class="vulnerability" id="%s" version="1"><metadata><title>%s on Ubuntu 24.04 LTS (noble) - medium</title>'
                    '<description>%s</description><affected family="unix"><platform>Ubuntu 24.04 LTS</platform></affected>'
                    '<reference source="CVE" ref_id="%s" ref_url="https://www.cve.org/CVERecord?id=%s"/><advisory><severity>Medium</severity>'
                    '<public_date>2024-03-24 00:00:00 UTC</public_date><cve href="https://ubuntu.com/security/%s" priority="medium" '
                    'public="20240324">%s</cve></advisory></metadata><criteria operator="OR">%s</criteria></definition>\n'
                    % (name % ("def", n), cve, words(chance, 40), cve, cve, cve, cve, "".join(criteria)))
            size += len(text)
            f.write(text)
        f.write("</definitions>\n<tests>\n")
        f.writelines(tests)
        f.write("</tests>\n<objects>\n")
        f.writelines('<linux-def:dpkginfo_object id="%s" version="1" comment="The %s package binaries."><linux-def:name var_ref="%s" '
                     'var_check="at least one"/></linux-def:dpkginfo_object>\n' % (name % ("obj", i), o, name % ("var", i))
                     for i, o in enumerate(objects))
        f.write("</objects>\n<states>\n")
        f.writelines(states)
        f.write("</states>\n<variables>\n")
        f.writelines('<constant_variable id="%s" version="1" datatype="string" comment="%s package binaries"><value>%s</value><value>lib%s'
                     '</value></constant_variable>\n' % (name % ("var", i), o, o, o) for i, o in enumerate(objects))
        f.write("</variables>\n</oval_definitions>\n")


def pypi(path, records=300_000):
    chance = random.Random(3)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for n in range(records):
            package, fixed = "project-%d" % chance.randrange(40000), "%d.%d" % (1 + chance.randrange(9), chance.randrange(20))
            z.writestr("GHSA-%08d.json" % n, json.dumps({
                "schema_version": "1.6.0", "id": "GHSA-%08d" % n, "modified": "2024-11-08T04:03:29Z", "published": "2024-04-07T21:14:00Z",
                "aliases": ["CVE-%d-%d" % (2005 + n % 22, 1000 + n)], "summary": words(chance, 8), "details": words(chance, 60),
                "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"}],
                "affected": [{"package": {"ecosystem": "PyPI", "name": package, "purl": "pkg:pypi/" + package},
                              "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
                              "versions": ["0.%d" % i for i in range(chance.randrange(20))]}],
                "references": [{"type": "WEB", "url": "https://github.com/advisories/GHSA-%08d" % n}]}))


def of_upstream_size(cache):
    """The mirror folder, made when it is not there yet."""
    folder = os.path.join(cache, "feeds-of-upstream-size-1")
    for path, make in ((DEBIAN, debian), (UBUNTU, ubuntu), (PYPI, pypi)):
        path = os.path.join(folder, path)
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            make(path + ".part")
            os.rename(path + ".part", path)
    # OSV's own list of its ecosystems.
    with open(os.path.join(folder, PYPI.split(os.sep)[0], "ecosystems.txt"), "w", encoding="utf-8") as f:
        f.write("PyPI\n")
    return folder
