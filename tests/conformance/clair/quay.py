"""A model of what Quay's security worker and its page do with a Clair v4 service.

Requests, checks and ways to fail are Quay's (its client and its model of reports, read as source); the words are ours. What
Quay would trip over is an exception here as it is there: KeyError, IndexError, UnicodeDecodeError, Incompatible.
"""
import base64
import json
import re
import time
import urllib.parse

import serving
from conformance.clair import schemas

ORDER = ["Unknown", "Negligible", "Low", "Medium", "High", "Critical"]


class BadRequest(Exception):
    """A 400: the manifest is put aside for ever."""


class NotFine(Exception):
    """Anything else that is not 2xx: tried again later."""

    def __init__(self, answer):
        super().__init__(repr(answer))
        self.status = answer.status


class Incompatible(Exception):
    """An answer that its schema does not allow: thrown away whole."""


def loose(required, **properties):
    return {"type": "object", "required": list(required), "properties": properties}


# Quay's schemas: fewer members are required than Clair sends, and others may be there.
TEXT = {"type": "string"}
PACKAGE = loose(("id", "name", "version"), id=TEXT, name=TEXT, version=TEXT)
DISTRIBUTION = loose(("id", "did", "name", "version", "version_code_name", "version_id", "arch", "cpe", "pretty_name"),
                     **{k: TEXT for k in ("id", "did", "name", "version", "version_code_name", "version_id", "arch", "cpe", "pretty_name")})
ENVIRONMENT = loose(("package_db", "introduced_in", "distribution_id"), package_db=TEXT, introduced_in=TEXT, distribution_id=TEXT)
VULNERABILITY = loose(("id", "updater", "name", "description", "links", "severity", "normalized_severity", "fixed_in_version"),
                      **{k: TEXT for k in ("id", "updater", "name", "description", "links", "severity", "fixed_in_version")},
                      normalized_severity={"enum": ORDER})


def map_of(value):
    return {"type": "object", "additionalProperties": value}


PLACES = {"packages": map_of(PACKAGE), "distributions": map_of(DISTRIBUTION), "environments": map_of({"type": "array", "items": ENVIRONMENT})}
SCHEMAS = {
    "State": loose(("state",), state=TEXT),
    "IndexReport": loose(("manifest_hash", "state", "packages", "distributions", "environments", "success", "err"), manifest_hash=TEXT,
                         state=TEXT, success={"type": "boolean"}, err=TEXT, **PLACES),
    "VulnerabilityReport": loose(("manifest_hash", "packages", "distributions", "environments", "vulnerabilities", "package_vulnerabilities"),
                                 manifest_hash=TEXT, vulnerabilities=map_of(VULNERABILITY),
                                 package_vulnerabilities=map_of({"type": "array", "items": TEXT}), **PLACES),
    "PagedNotifications": loose((), page={"type": "object"}, notifications={"type": "array", "items": loose(())}),
}


class Client:
    """Quay's client of one service. `psk` is base64, as in both configurations."""

    def __init__(self, service, psk=None):
        self.service, self.key = service, base64.b64decode(psk) if psk else None

    def perform(self, method, path, schema, body=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.key:
            headers["authorization"] = "Bearer " + serving.token(self.key, {"iss": "quay", "exp": int(time.time()) + 300})
        answer = self.service.ask(method, path, json.dumps(body) if body is not None else None, **headers)
        if answer.status == 400:
            raise BadRequest(answer.body.decode("ascii"))
        if answer.status // 100 != 2:
            raise NotFine(answer)
        if schema:
            try:
                schemas.validator_of(SCHEMAS[schema]).validate(answer.doc)
            except Exception as wrong:
                raise Incompatible("%s: %s\n%r" % (schema, wrong, answer)) from wrong
        return answer

    def state(self):
        return self.perform("GET", "/indexer/api/v1/index_state", "State").doc

    def index(self, digest, layers):
        """layers: (digest, URI, headers). The report, and the state to be kept beside the manifest."""
        body = {"hash": digest, "layers": [{"hash": h, "uri": uri, "headers": {"Accept": ["application/gzip"], **headers}} for h, uri, headers in layers]}
        answer = self.perform("POST", "/indexer/api/v1/index_report", "IndexReport", body)
        assert answer.headers["etag"], "no etag"
        return answer.doc, answer.headers["etag"].strip('"')

    def or_none(self, *request):
        try:
            return self.perform(*request).doc
        except NotFine as e:
            if e.status == 404:
                return None
            raise

    def index_report(self, digest):
        return self.or_none("GET", "/indexer/api/v1/index_report/" + digest, "IndexReport")

    def vulnerability_report(self, digest):
        return self.or_none("GET", "/matcher/api/v1/vulnerability_report/" + digest, "VulnerabilityReport")

    def delete(self, digest):
        """Quay makes the request and then looks for a schema that it lacks; the status alone counts."""
        return self.perform("DELETE", "/indexer/api/v1/index_report/" + digest, None).status

    def notification(self, ident):
        """All that a notification adds, page after page; None when it is gone."""
        found, cursor = [], None
        while True:
            path = "/notifier/api/v1/notification/%s%s" % (ident, "?next=" + cursor if cursor else "")
            page = self.or_none("GET", path, "PagedNotifications")
            if page is None:
                return None
            for item in page["notifications"]:
                if item["reason"] == "added":
                    v = item["vulnerability"]
                    found.append((item["manifest"], v.get("normalized_severity"), v.get("package", {}).get("name"), v.get("name"),
                                  fixed(v.get("fixed_in_version")), v.get("links"), v.get("description")))
            cursor = page.get("page", {}).get("next")
            if not cursor:
                return found

    def delete_notification(self, ident):
        try:
            self.perform("DELETE", "/notifier/api/v1/notification/" + ident, None)
        except NotFine as e:
            if e.status != 404:
                raise


def fixed(text):
    """A version, or the one that a query string has as `fixed`."""
    try:
        return urllib.parse.parse_qs(text)["fixed"][0]
    except (ValueError, KeyError):
        return text


def severity(vulnerability, scores):
    """Unknown ones are judged by their score."""
    known = vulnerability["normalized_severity"]
    score = scores.get(vulnerability["id"], {}).get("baseScore")
    if known != "Unknown" or not score:
        return known
    return next(name for least, name in ((9, "Critical"), (7, "High"), (4, "Medium"), (0, "Low")) if score >= least)


def features(report):
    """What Quay's page shows of a report: for each package its name, version, layer and vulnerabilities."""
    shown, out = set(), []
    scores = {}
    if report.get("enrichments", {}):
        scores = {key: sorted(value, key=lambda x: x["baseScore"], reverse=True)[0]
                  for key, value in list(report["enrichments"].values())[0][0].items()}
    for ident, package in report["packages"].items():
        layer = report["environments"][ident][0]["introduced_in"]
        found = []
        for v in (report["vulnerabilities"][i] for i in report["package_vulnerabilities"].get(ident, [])):
            key = (package["name"], package["version"], v.get("name", ""))
            if key in shown:
                continue
            shown.add(key)
            found.append({"name": v["name"], "severity": severity(v, scores), "updater": v["updater"], "description": v["description"],
                          "cves": sorted(set(re.findall(r"CVE-\d{4}-\d{4,7}", v["links"]))),
                          "fixed": fixed(v["fixed_in_version"] if v["fixed_in_version"] != "0" else ""),
                          "repository": (v.get("repository", {}).get("name"), v.get("repository", {}).get("uri")),
                          "distribution": (v.get("distribution", {}).get("name"), v.get("distribution", {}).get("version")),
                          "score": scores.get(v["id"], {}).get("baseScore", ""), "vector": scores.get(v["id"], {}).get("vectorString", "")})
        out.append({"name": package["name"], "version": package["version"], "layer": layer, "vulnerabilities": found})
    return out
