"""CVSS, EPSS and known exploitation: what a report says of them, against the feeds' own files."""
import datetime
import glob
import gzip
import json
import os

import clarion
from clarion import tracker_entry

NVD = "nvd.nist.gov/feeds/json/cve/2.0"
KEV = "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
MEDIUM = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"
OPENSSL = "Package: openssl\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\n\n"
IMAGE = clarion.tar_of([("etc/os-release", clarion.OS_RELEASE), ("var/lib/dpkg/status", OPENSSL)])
URGENCIES = {"high": "High", "medium": "Medium", "low": "Low", "unimportant": "Negligible"}


def write(folder, path, data):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def metric(vector, kind="Primary"):
    return {"source": "nvd@nist.gov", "type": kind, "cvssData": {"vectorString": vector}}


def level(version, score):
    """The severity of a score: NVD's "Vulnerability Metrics" for version 2, FIRST's documents for the others."""
    if version == "2.0":
        return "Low" if score < 4 else "Medium" if score < 7 else "High"
    return next(name for name, least in (("Critical", 9), ("High", 7), ("Medium", 4), ("Low", 0.1), ("Negligible", 0))
                if score >= least)


class Enrichment(clarion.Case):
    def mirror(self, day=None, **years):
        """Debian's tracker with two flaws, one of them without a word on severity, and scores of them."""
        folder = self.feeds({"openssl": {"CVE-2024-0001": tracker_entry(bookworm="2"),
                                         "CVE-2024-0002": tracker_entry(urgency="low", bookworm=None)}})
        for year, cves in years.items():
            entries = [{"cve": {"id": cve, "metrics": {"cvssMetricV31": [metric(v)]}}} for cve, v in cves.items()]
            write(folder, "%s/nvdcve-2.0-%s.json.gz" % (NVD, year[1:]),
                  gzip.compress(json.dumps({"vulnerabilities": entries}).encode()))
        if day:
            write(folder, "epss.cyentia.com/epss_scores-%s.csv.gz" % day, gzip.compress(
                b"#model_version:v1,score_date:%sT00:00:00+0000\ncve,epss,percentile\nCVE-2024-0001,0.5,0.75\n" % day.encode()))
            write(folder, KEV, json.dumps({"catalogVersion": "1", "vulnerabilities": [
                {"cveID": "CVE-2024-0002", "dateAdded": "2024-05-06", "dueDate": "2024-05-27"}]}).encode())
        return folder

    def test_whose_severity_counts(self):
        self.update(self.mirror(y2024={"CVE-2024-0001": MEDIUM, "CVE-2024-0002": CRITICAL}))
        image = self.image(IMAGE)
        for option, want in (((), [("CVE-2024-0001", "Medium", "nvd"), ("CVE-2024-0002", "Low", "debian")]),
                             (("--severity-from", "nvd"), [("CVE-2024-0002", "Critical", "nvd"), ("CVE-2024-0001", "Medium", "nvd")]),
                             (("--severity-from", "highest", "--sort", "package"),
                              [("CVE-2024-0002", "Critical", "nvd"), ("CVE-2024-0001", "Medium", "nvd")]),
                             (("--severity-from", "debian", "--sort", "cvss"),
                              [("CVE-2024-0002", "Low", "debian"), ("CVE-2024-0001", "Medium", "nvd")])):
            doc = self.run_clarion("scan", "--format", "json", *option, image).doc
            self.assertEqual([(f["vulnerability"], f["severity"], f["severity_source"]) for f in doc["findings"]], want)

    def test_conditions_to_fail_on(self):
        today = datetime.date.today().isoformat()
        self.update(self.mirror(today, y2024={"CVE-2024-0001": MEDIUM}))
        image = self.image(IMAGE)
        for condition, code in (("kev", 1), ("epss>0.5", 0), ("epss>=0.5", 1), ("cvss>=5.3", 1), ("cvss>5.3", 0),
                                ("critical,epss>0.4", 1), ("high,cvss>9", 0), ("medium", 1), ("epss>5", 2), ("kev,", 2)):
            r = self.run_clarion("scan", "--fail-on", condition, image)
            self.assertEqual(r.code, code, (condition, r))
            self.assertEqual("--fail-on takes " in r.err, code == 2)
        # The exploited one has no fix.
        self.assertEqual(self.run_clarion("scan", "--fail-on", "kev", "--only-fixed", image).code, 0)
        for bad in (("--sort", "name"), ("--severity-from", "nobody")):
            r = self.run_clarion("scan", *bad, image)
            self.assertEqual((r.code, " takes " in r.err or "there are: " in r.err), (2, True), r)

    def test_feeds_that_are_missing(self):
        """They are no obstacle to a report, but to an answer that needs them."""
        self.update(self.mirror())
        image = self.image(IMAGE)
        r = self.run_clarion("scan", image)
        self.assertEqual(r.code, 0, r)
        self.assertIn("\nLacking: CVSS scores (the feed nvd is missing), EPSS ", r.out)
        doc = self.scan(image).doc
        self.assertEqual([(f["feed"], f["state"]) for f in doc["coverage"]["enriching"]],
                         [("nvd", "missing"), ("epss", "missing"), ("kev", "missing")])
        self.assertEqual([(f["cvss"], f["epss"], f["kev"]) for f in doc["findings"]], [([], {}, False)] * 2)
        for condition, feed in (("kev", "kev"), ("epss>0.5", "epss"), ("cvss>=9", "nvd")):
            r = self.run_clarion("scan", "--fail-on", condition, image)
            self.assertEqual(r.code, 3, r)
            self.assertIn("--fail-on cannot be answered, since the feed %s is missing" % feed, r.err)
        self.assertEqual(self.run_clarion("scan", "--fail-on", "low,kev", image).code, 1)

    def test_newest_day_of_epss(self):
        """A mirror may hold a day's file that is months old; of several the newest counts."""
        image, today = self.image(IMAGE), datetime.date.today()
        days = [(today - datetime.timedelta(days=n)).isoformat() for n in (300, 100, 99)]
        for day in days:
            folder = self.mirror(day)
            self.update(folder)
            self.assertEqual(self.scan(image).doc["findings"][1]["epss"],
                             {"probability": 0.5, "percentile": 0.75, "date": day + "T00:00:00+0000", "model": "v1"})
        # A newer file that is broken does not bring an older one back.
        write(folder, "epss.cyentia.com/epss_scores-%s.csv.gz" % today.isoformat(), b"nonsense")
        self.assertIn("the first line does not tell", self.update(folder, code=3).err)
        self.assertEqual(self.scan(image).doc["findings"][1]["epss"]["date"][:10], days[-1])

    def test_years_carry_over(self):
        """A year that has not changed, or cannot be read, keeps its scores."""
        folder, image = self.mirror(y2023={"CVE-2023-0001": MEDIUM}, y2024={"CVE-2024-0001": MEDIUM}), self.image(IMAGE)
        self.update(folder)
        write(folder, NVD + "/nvdcve-2.0-2024.json.gz", b'{"vulnerabilities": [')
        self.assertRegex(self.update(folder, code=3).out, r"(?m)^nvd +updated in part +2 records")
        self.assertEqual(len(self.scan(image).doc["findings"][0]["cvss"]), 1)

    @clarion.need_shared
    def test_against_the_files(self):
        """All ratings of all findings of an image, worked out from the feeds' files anew."""
        feeds = os.path.join(clarion.SHARED, "feeds")
        self.update(feeds, "debian", "nvd", "epss", "kev")
        cves, scores = {}, {}
        for path in glob.glob(os.path.join(feeds, NVD, "*.json.gz")):
            with gzip.open(path) as f:
                cves.update((v["cve"]["id"], v["cve"]) for v in json.load(f)["vulnerabilities"])
        with gzip.open(glob.glob(os.path.join(feeds, "epss.cyentia.com", "*"))[0], "rt") as f:
            for line in f.read().splitlines()[2:]:
                cve, probability, percentile = line.split(",")
                scores[cve] = (float(probability), float(percentile))
        with open(os.path.join(feeds, KEV), encoding="utf-8") as f:
            exploited = {v["cveID"]: v for v in json.load(f)["vulnerabilities"]}
        doc = self.scan(os.path.join(clarion.SHARED, "images", "debian11-web.oci")).doc
        rated = 0
        for f in doc["findings"]:
            cve = cves.get(f["vulnerability"], {})
            metrics = [m for name, many in cve.get("metrics", {}).items() if name.startswith("cvssMetric") for m in many]
            self.assertEqual(sorted((r["version"], r["vector"], r["by"]) for r in f["cvss"]),
                             sorted((m["cvssData"]["version"], m["cvssData"]["vectorString"], m["source"]) for m in metrics))
            own = {m["cvssData"]["vectorString"]: m["cvssData"]["baseScore"] for m in metrics if m["type"] == "Primary"}
            for r in f["cvss"]:
                self.assertEqual(r["score"], own.get(r["vector"], r["score"]), f)
            want, source = URGENCIES.get(f["published_severity"].rstrip("*")), "debian"
            if want is None:
                best = max(((m["type"] == "Primary", m["cvssData"]["version"]) for m in metrics), default=None)
                first = [r for r in f["cvss"] if best and r["version"] == best[1]]
                want, source = (level(best[1], first[0]["score"]), "nvd") if best else ("Unknown", "")
                rated += best is not None
            self.assertEqual((f["severity"], f["severity_source"]), (want, source), f)
            self.assertEqual(f["kev"], f["vulnerability"] in exploited)
            if f["kev"]:
                entry, known = exploited[f["vulnerability"]], f["known_exploited"]
                self.assertEqual((known["added"], known["due"], known["ransomware"], known["description"]),
                                 (entry["dateAdded"], entry["dueDate"], entry["knownRansomwareCampaignUse"],
                                  entry["shortDescription"]))
            epss = f["epss"] and (f["epss"]["probability"], f["epss"]["percentile"])
            self.assertEqual(epss or None, scores.get(f["vulnerability"]))
        self.assertGreater(rated, 50)
        self.assertGreater(sum(f["kev"] for f in doc["findings"]), 0)
