"""Clair v4's documents as strict JSON schemas: every member that Clair always sends is required, and no other is known.

Written from the exchanges that were recorded with Clair and from its source; what else Clarion says stands in a member of
its own or not at all, for a client may be as strict as this.
"""
import sys

import pypi

VALIDATOR = "jsonschema==4.26.0"

STRING = {"type": "string"}
DIGEST = {"type": "string", "pattern": "^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$"}
UUID = {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$"}
ID = {"type": "string", "pattern": "^[1-9][0-9]*$"}
SEVERITIES = {"enum": ["Unknown", "Negligible", "Low", "Medium", "High", "Critical"]}
DETECTOR = {"type": "string", "pattern": "^urn:claircore:detector:[^:]+:[^:]+:package$"}  # Clair's programs parse it
KINDS = {"enum": ["binary", "source", "ancestry"]}


def closed(required, optional=None):
    return {"type": "object", "additionalProperties": False, "required": sorted(required), "properties": {**required, **(optional or {})}}


def by(key, value):
    """An object whose names are ids or digests."""
    return {"type": "object", "additionalProperties": False, "patternProperties": {key["pattern"]: value}}


def array(items, **more):
    return {"type": "array", "items": items, **more}


def nullable(schema):
    return {"anyOf": [{"type": "null"}, schema]}


# ---- parts -----------------------------------------------------------------------------------------------------------

def package(ident, **more):
    """Of a report; that of a vulnerability or a notification names itself by an empty id and by no detector."""
    return closed({"id": ident, "name": STRING, "version": STRING, "normalized_version": STRING, "cpe": STRING,
                   "detector": nullable(DETECTOR)}, {"kind": KINDS, "module": STRING, "arch": STRING, **more})


def distribution(ident):
    return closed({"id": ident, **{name: STRING for name in ("did", "name", "version", "version_code_name", "version_id", "arch",
                                                             "cpe", "pretty_name")}})


NO_ID = {"const": ""}
SOURCE = package(STRING)
PACKAGE = package(ID, source=SOURCE)
REPOSITORY = closed({"cpe": STRING}, {"id": STRING, "name": STRING, "key": STRING, "uri": STRING})
ENVIRONMENT = closed({"package_db": STRING, "introduced_in": DIGEST, "distribution_id": STRING, "repository_ids": nullable(array(ID))})
ALIAS = closed({"space": STRING, "name": STRING})
RANGE = closed({"[": STRING, ")": STRING})
INVENTORY = {"manifest_hash": DIGEST, "packages": by(ID, PACKAGE), "distributions": by(ID, distribution(ID)), "repository": by(ID, REPOSITORY),
             "environments": by(ID, array(ENVIRONMENT, minItems=1))}
VULNERABILITY_MEMBERS = {"id": STRING, "updater": STRING, "name": STRING, "description": STRING, "issued": TIME, "links": STRING, "severity": STRING,
                         "normalized_severity": SEVERITIES, "package": package(NO_ID, source=SOURCE), "distribution": distribution(STRING),
                         "repository": REPOSITORY, "fixed_in_version": STRING, "Self": ALIAS, "Aliases": nullable(array(ALIAS)),
                         "Invert": {"type": "boolean"}}
AND_PERHAPS = {"range": RANGE, "arch_op": {"enum": ["equals", "not equals", "pattern match"]}}
VULNERABILITY = closed(VULNERABILITY_MEMBERS, AND_PERHAPS)
# With our own record, for affected_manifest.
OWN = closed({k: STRING for k in ("feed", "scope", "status", "introduced", "bound", "state", "arch", "module")})
DIFFERENCE = closed(VULNERABILITY_MEMBERS, dict(AND_PERHAPS, clarion=OWN))
UPDATE_OPERATION = closed({"ref": UUID, "updater": STRING, "fingerprint": STRING, "date": TIME, "kind": NO_ID})
# Quay reads normalized_severity there, Clair sends severity: both.
SUMMARY = closed({"name": STRING, "description": STRING, "package": package(NO_ID), "severity": SEVERITIES, "normalized_severity": SEVERITIES,
                  "fixed_in_version": STRING, "links": STRING}, {"distribution": distribution(STRING), "repo": REPOSITORY})
CVSS = {"type": "object", "required": ["version", "vectorString", "baseScore", "baseSeverity"], "properties": {
    "version": {"enum": ["2.0", "3.0", "3.1", "4.0"]}, "vectorString": STRING, "baseScore": {"type": "number", "minimum": 0, "maximum": 10},
    "baseSeverity": STRING}}

# ---- documents -------------------------------------------------------------------------------------------------------

SCHEMAS = {
    "State": closed({"state": {"type": "string", "minLength": 1}}),
    "IndexReport": {"allOf": [
        closed({**INVENTORY, "state": {"enum": ["IndexFinished", "IndexError"]}, "success": {"type": "boolean"}, "err": STRING}),
        {"if": {"properties": {"state": {"const": "IndexFinished"}}},
         "then": {"properties": {"success": {"const": True}, "err": {"const": ""}}},
         "else": {"properties": {"success": {"const": False}, "err": {"type": "string", "minLength": 1}}}}]},
    "VulnerabilityReport": closed({**INVENTORY, "vulnerabilities": by(ID, VULNERABILITY), "package_vulnerabilities": by(ID, array(ID, minItems=1)),
                                   "PackageNotVulnerable": by(ID, array(ID, minItems=1)),
                                   "enrichments": {"type": "object", "additionalProperties": array({"type": "object"}, minItems=1, maxItems=1)}}),
    "UpdateOperations": {"type": "object", "additionalProperties": array(UPDATE_OPERATION, minItems=1)},
    # Without a previous one: zero.
    "UpdateDiff": closed({"prev": UPDATE_OPERATION, "cur": UPDATE_OPERATION, "added": nullable(array(DIFFERENCE)),
                          "removed": nullable(array(DIFFERENCE))}),
    "AffectedManifests": closed({"vulnerabilities": {"type": "object", "additionalProperties": VULNERABILITY},
                                 "vulnerable_manifests": by(DIGEST, array(STRING, minItems=1))}),
    "PagedNotifications": closed({"page": closed({"size": {"type": "integer", "minimum": 1}}, {"next": UUID}),
                                  "notifications": array(closed({"id": UUID, "manifest": DIGEST, "reason": {"enum": ["added", "removed"]},
                                                                 "vulnerability": SUMMARY}))}),
    "Error": closed({"code": {"enum": ["bad-request", "not-found", "method-not-allowed", "internal-error", "too-many-requests",
                                       "request-too-large", "unavailable"]},
                     "message": {"type": "string", "minLength": 1, "pattern": "^[ -~]+$"}}),  # Quay reads it as ASCII
}
FIRST_ENRICHMENT = "message/vnd.clair.map.vulnerability; enricher=clair.cvss schema=https://csrc.nist.gov/schema/nvd/api/2.0/cve_api_json_2.0.schema"


def validator(name):
    there = pypi.need(VALIDATOR)
    if there not in sys.path:
        sys.path.append(there)
    import jsonschema
    return jsonschema.Draft202012Validator(SCHEMAS[name])


def check(case, name, document, where=""):
    """Fails with the first few of what is wrong."""
    wrong = sorted(validator(name).iter_errors(document), key=lambda e: list(map(str, e.absolute_path)))
    case.assertEqual([], ["%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:300]) for e in wrong[:5]], "%s: %s" % (where, name))
    relations = {"VulnerabilityReport": report_relations, "IndexReport": inventory_relations}.get(name)
    if relations:
        relations(case, document, where)


# ---- what a schema cannot say ----------------------------------------------------------------------------------------

def inventory_relations(case, document, where):
    for kind in ("packages", "distributions", "repository"):
        for ident, value in document[kind].items():
            case.assertEqual(value.get("id", ident), ident, where)
    # each package has a place: clients look for its first without asking
    case.assertEqual(set(document["packages"]), set(document["environments"]), where)
    for environment in (e for list_ in document["environments"].values() for e in list_):
        case.assertIn(environment["distribution_id"], set(document["distributions"]) | {""}, where)
        case.assertLessEqual(set(environment["repository_ids"] or []), set(document["repository"]), where)


def report_relations(case, document, where):
    inventory_relations(case, document, where)
    for ident, value in document["vulnerabilities"].items():
        case.assertEqual(value["id"], ident, where)
    for member in ("package_vulnerabilities", "PackageNotVulnerable"):
        for ident, found in document.get(member, {}).items():
            case.assertIn(ident, document["packages"], where)
            case.assertLessEqual(set(found), set(document["vulnerabilities"]), where)
            case.assertEqual(len(found), len(set(found)), where)
    if document["enrichments"]:
        first = next(iter(document["enrichments"]))
        case.assertEqual(first, FIRST_ENRICHMENT, where)
        # scores may be wanting when another enrichment is there: the first object is Quay's all the same
        case.assertTrue(document["enrichments"][first][0] or len(document["enrichments"]) > 1, where)
        cvss = validator_of(CVSS)
        for ident, list_ in document["enrichments"][first][0].items():
            case.assertIn(ident, document["vulnerabilities"], where)
            case.assertTrue(list_, where)
            for item in list_:
                case.assertEqual([], [e.message for e in cvss.iter_errors(item)], where)


def validator_of(schema):
    import jsonschema
    return jsonschema.Draft202012Validator(schema)
