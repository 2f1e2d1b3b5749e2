"""What notifications come to: laid upon what was known, one after the other, they give what is known now."""
REPORT = "/matcher/api/v1/vulnerability_report/"
PAGES = "/notifier/api/v1/notification/"


def known(service, digests):
    """The severity of each flaw of these images, by the image and the flaw."""
    reports = {d: service.get(REPORT + d).doc for d in digests}
    return {(d, v["name"]): v["normalized_severity"] for d, report in reports.items() for v in report["vulnerabilities"].values()}


def items(service, ident, size=1000):
    """Of a notification, all its pages."""
    found, after = [], ""
    while True:
        page = service.get("%s%s?page_size=%d%s" % (PAGES, ident, size, after)).doc
        found += page["notifications"]
        if not page["page"].get("next"):
            return found
        after = "&next=" + page["page"]["next"]


def lay_upon(case, before, told):
    """Changes `before`, which is as known() says, by these items. What was told of before is no news, and what was not known can
    neither change nor go."""
    for item in told:
        what, severity = (item["manifest"], item["vulnerability"]["name"]), item["vulnerability"]["normalized_severity"]
        case.assertEqual(what in before, item["reason"] != "added", item)
        case.assertFalse(item["reason"] == "changed" and before[what] == severity, item)
        if item["reason"] == "removed":
            del before[what]
        else:
            before[what] = severity
