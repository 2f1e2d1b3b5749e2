// The Debian security tracker: one JSON file, source package → vulnerability → release.
//
// Form, as security-tracker.debian.org publishes it (bin/tracker_service.py of its sources): {"PACKAGE": {"CVE-…":
// {"description", "scope", "releases": {"bookworm": {"status": "open|resolved|undetermined", "fixed_version",
// "urgency", "repositories": {…}, "nodsa", …}}}}}. Only "resolved" comes with a fixed version; "0" means that the
// release was never affected. Ids that begin with TEMP- are the tracker's own.
#include "base/json.h"
#include "feed/feed.h"
#include "feed/json_members.h"

struct tracker {
    struct feed_input *input;
    struct advisory record; // what the levels above have said
};

static bool leave_out(struct tracker *t, const char *why)
{
    feed_leave_out(t->input, why, &t->record);
    return true;
}

static bool read_status(yyjson_val *entry, struct advisory *r)
{
    struct slice status = json_str(entry, "status"), fixed = json_str(entry, "fixed_version");
    r->bound = SLICE("");
    if (slice_eq(status, SLICE("open"))) {
        r->status = ADVISORY_AFFECTED;
    } else if (slice_eq(status, SLICE("undetermined"))) {
        r->status = ADVISORY_UNDETERMINED;
    } else if (!slice_eq(status, SLICE("resolved"))) {
        return false;
    } else if (fixed.n == 0 || slice_eq(fixed, SLICE("0"))) {
        r->status = ADVISORY_NOT_AFFECTED;
    } else {
        r->status = ADVISORY_FIXED;
        r->bound = fixed;
    }
    return true;
}

static bool take_release(struct tracker *t, struct slice release, yyjson_val *entry, struct error *err)
{
    struct buf scope BUF_AUTO = {0};
    struct advisory *r = &t->record;
    buf_adds(&scope, "debian:");
    buf_add(&scope, release);
    r->scope = release.n != 0 ? buf_slice(&scope) : release;
    if (!read_status(entry, r))
        return leave_out(t, "has no known status");
    r->severity = json_str(entry, "urgency");
    if (advisory_fits(r, t->input->limits))
        segment_add_scope(t->input->builder, r->scope);
    return feed_add(t->input, r, err);
}

static bool take_vulnerability(struct tracker *t, struct slice id, yyjson_val *entry, struct error *err)
{
    yyjson_val *releases = yyjson_obj_get(entry, "releases"), *key, *value;
    size_t i, n;
    t->record.scope = SLICE("");
    t->record.vulnerability = id;
    t->record.description = json_str(entry, "description");
    if (!yyjson_is_obj(releases))
        return leave_out(t, "has no releases");
    yyjson_obj_foreach(releases, i, n, key, value)
    {
        if (!take_release(t, json_val_str(key), value, err))
            return false;
    }
    return true;
}

static bool take_package(void *context, struct slice object, struct error *err)
{
    struct tracker *t = context;
    yyjson_doc *doc JSON_AUTO = json_parse(object, err);
    if (doc == NULL)
        return false;
    yyjson_obj_iter package = yyjson_obj_iter_with(yyjson_doc_get_root(doc));
    yyjson_val *name = yyjson_obj_iter_next(&package), *entries = yyjson_obj_iter_get_val(name), *key, *value;
    size_t i, n;
    t->record = (struct advisory){.package = json_val_str(name), .of_source = true};
    if (!yyjson_is_obj(entries))
        return leave_out(t, "is a package without vulnerabilities");
    yyjson_obj_foreach(entries, i, n, key, value)
    {
        if (!take_vulnerability(t, json_val_str(key), value, err))
            return false;
    }
    return true;
}

static bool parse(struct feed_input *input, struct error *err)
{
    struct tracker t = {.input = input};
    return json_for_each_member(input->body, input->limits, take_package, &t, err);
}

const struct feed feed_debian = {
    .name = "debian",
    .title = "Debian security tracker",
    .url = "https://security-tracker.debian.org/tracker/data/json",
    .version = 1,
    .parse = parse,
    .update = feed_update_one_file,
};
