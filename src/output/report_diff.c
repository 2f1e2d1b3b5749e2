#include "output/report_diff.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/utf8.h"

#include <stdlib.h>

// ---- a report that was read -----------------------------------------------------------------------------------------

struct package {
    struct slice kind, name, arch, module, path; // what makes it the same one in two reports
    struct slice version, source_version, id;
    const struct package *partner; // in the other report; NULL: it is not there
    bool changed;                  // its partner has another version
};

struct finding {
    const struct package *package;
    struct slice vulnerability, severity, fixed_in, status, feed;
};

struct feed_part {
    struct slice feed, segment, updated;
};

struct side {
    yyjson_doc *doc;
    struct slice reference, manifest, program, generation, distribution, distribution_version;
    struct package *packages; // ordered by identity, then version
    struct package **by_id;
    struct finding *findings; // ordered by package, then vulnerability
    struct feed_part *feeds;  // ordered by name
    size_t packages_n, findings_n, feeds_n;
};

enum change { CHANGE_ADDED, CHANGE_CHANGED, CHANGE_REMOVED };
enum cause { CAUSE_IMAGE, CAUSE_FEEDS, CAUSE_PROGRAM, CAUSE_OPTIONS, CAUSES };

static const char *const change_names[] = {"added", "changed", "removed"};
static const char *const cause_names[] = {"image", "feeds", "program", "options"};

struct finding_change {
    enum change change;
    const struct finding *before, *after; // NULL: not there
    bool causes[CAUSES];
};

struct package_change {
    enum change change;
    const struct package *before, *after;
};

struct feed_change {
    const struct feed_part *before, *after;
};

struct report_diff {
    struct arena arena;
    struct side before, after;
    VEC(struct package_change) packages;
    VEC(struct feed_change) feeds;
    VEC(struct finding_change) findings;
};

// ---- orders ---------------------------------------------------------------------------------------------------------

static int by_identity(const struct package *x, const struct package *y)
{
    const struct slice a[] = {x->kind, x->name, x->arch, x->module, x->path};
    const struct slice b[] = {y->kind, y->name, y->arch, y->module, y->path};
    return slices_cmp(a, b, sizeof a / sizeof a[0]);
}

static int by_version(const struct package *x, const struct package *y)
{
    const struct slice a[] = {x->version, x->source_version}, b[] = {y->version, y->source_version};
    return slices_cmp(a, b, sizeof a / sizeof a[0]);
}

static int package_order(const void *a, const void *b)
{
    const struct package *x = a, *y = b;
    int order = by_identity(x, y);
    if (order == 0)
        order = by_version(x, y);
    return order != 0 ? order : slice_cmp(x->id, y->id);
}

static int id_order(const void *a, const void *b)
{
    const struct package *x = *(struct package *const *)a, *y = *(struct package *const *)b;
    return slice_cmp(x->id, y->id);
}

static int finding_order(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    if (x->package != y->package)
        return x->package < y->package ? -1 : 1; // of one array
    return slice_cmp(x->vulnerability, y->vulnerability);
}

static int feed_order(const void *a, const void *b)
{
    return slice_cmp(((const struct feed_part *)a)->feed, ((const struct feed_part *)b)->feed);
}

static void sort(void *list, size_t n, size_t size, int (*order)(const void *, const void *))
{
    if (n != 0)
        qsort(list, n, size, order);
}

// ---- reading --------------------------------------------------------------------------------------------------------

static void read_packages(struct side *s, yyjson_val *list, struct arena *a)
{
    yyjson_val *item;
    size_t i, n;
    s->packages = ARENA_NEW(a, struct package, yyjson_arr_size(list));
    s->by_id = ARENA_NEW(a, struct package *, yyjson_arr_size(list));
    yyjson_arr_foreach(list, i, n, item)
    {
        s->packages[s->packages_n++] = (struct package){
            .kind = json_str(item, "kind"),
            .name = json_str(item, "name"),
            .arch = json_str(item, "arch"),
            .module = json_str(item, "module"),
            .path = json_str(item, "path"),
            .version = json_str(item, "version"),
            .source_version = json_str(json_last(item, "source"), "version"),
            .id = json_str(item, "id"),
        };
    }
    sort(s->packages, s->packages_n, sizeof *s->packages, package_order);
    for (i = 0; i < s->packages_n; i++)
        s->by_id[i] = &s->packages[i];
    sort(s->by_id, s->packages_n, sizeof(struct package *), id_order);
}

static const struct package *package_of(const struct side *s, struct slice id)
{
    const struct package wanted = {.id = id}, *key = &wanted;
    if (s->packages_n == 0)
        return NULL;
    struct package *const *found = bsearch(&key, s->by_id, s->packages_n, sizeof(struct package *), id_order);
    return found != NULL ? *found : NULL;
}

static bool read_findings(struct side *s, yyjson_val *list, struct arena *a, struct error *err)
{
    yyjson_val *item;
    size_t i, n;
    s->findings = ARENA_NEW(a, struct finding, yyjson_arr_size(list));
    yyjson_arr_foreach(list, i, n, item)
    {
        struct finding *f = &s->findings[s->findings_n++];
        *f = (struct finding){
            .package = package_of(s, json_str(item, "package")),
            .vulnerability = json_str(item, "vulnerability"),
            .severity = json_str(item, "severity"),
            .fixed_in = json_str(item, "fixed_in"),
            .status = json_str(item, "status"),
            .feed = json_str(item, "feed"),
        };
        if (f->package == NULL || f->vulnerability.n == 0)
            return error_set(err, ERR_FORMAT, "finding %zu is of no package of the report, or of no vulnerability",
                             i + 1);
    }
    sort(s->findings, s->findings_n, sizeof *s->findings, finding_order);
    return true;
}

static void read_feeds(struct side *s, yyjson_val *object, struct arena *a)
{
    yyjson_val *key, *value;
    size_t i, n;
    s->feeds = ARENA_NEW(a, struct feed_part, yyjson_obj_size(object));
    yyjson_obj_foreach(object, i, n, key, value)
    {
        s->feeds[s->feeds_n++] =
            (struct feed_part){json_val_str(key), json_str(value, "segment"), json_str(value, "updated")};
    }
    sort(s->feeds, s->feeds_n, sizeof *s->feeds, feed_order);
}

static bool read_side(struct side *s, struct slice text, struct arena *a, struct error *err)
{
    s->doc = json_parse(text, err);
    if (s->doc == NULL)
        return error_wrap(err, "is no report of `clarion scan --format json`");
    yyjson_val *root = yyjson_doc_get_root(s->doc), *image = json_last(root, "image");
    yyjson_val *generation = json_last(root, "generation"), *packages = json_last(root, "packages"),
               *findings = json_last(root, "findings"), *distribution = json_last(image, "distribution");
    if (!slice_eq(json_str(root, "schema"), SLICE("clarion/report/1")) || !yyjson_is_arr(packages) ||
        !yyjson_is_arr(findings))
        return error_set(err, ERR_FORMAT, "is no report of `clarion scan --format json`");
    s->reference = json_str(image, "reference");
    s->manifest = json_str(image, "manifest");
    s->distribution = json_str(distribution, "id");
    s->distribution_version = json_str(distribution, "version");
    s->program = json_str(root, "program");
    s->generation = json_str(generation, "id");
    read_packages(s, packages, a);
    read_feeds(s, json_last(generation, "feeds"), a);
    return read_findings(s, findings, a, err);
}

// ---- comparing ------------------------------------------------------------------------------------------------------

static void add_package(struct report_diff *d, struct package *before, struct package *after)
{
    bool changed = before != NULL && after != NULL;
    VEC_PUSH(&d->arena, &d->packages) = (struct package_change){changed         ? CHANGE_CHANGED
                                                                : after != NULL ? CHANGE_ADDED
                                                                                : CHANGE_REMOVED,
                                                                before, after};
    if (changed) {
        before->partner = after;
        after->partner = before;
        before->changed = after->changed = true;
    }
}

static size_t same_identity(const struct package *list, size_t n)
{
    size_t same = n != 0;
    while (same != 0 && same < n && by_identity(&list[0], &list[same]) == 0)
        same++;
    return same;
}

// Packages of one identity, of which there may be several versions: first those of the same version are each other's
// partners, then what is left of both, in order.
static void pair_identity(struct report_diff *d, struct package *x, size_t x_n, struct package *y, size_t y_n)
{
    for (size_t i = 0, j = 0; i < x_n && j < y_n;) {
        int order = by_version(&x[i], &y[j]);
        if (order == 0) {
            x[i].partner = &y[j];
            y[j].partner = &x[i];
        }
        i += order <= 0;
        j += order >= 0;
    }
    size_t i = 0, j = 0;
    while (true) {
        while (i < x_n && x[i].partner != NULL)
            i++;
        while (j < y_n && y[j].partner != NULL)
            j++;
        if (i == x_n && j == y_n)
            return;
        add_package(d, i < x_n ? &x[i] : NULL, j < y_n ? &y[j] : NULL);
        i += i < x_n;
        j += j < y_n;
    }
}

static void compare_packages(struct report_diff *d)
{
    struct package *x = d->before.packages, *y = d->after.packages;
    size_t x_n = d->before.packages_n, y_n = d->after.packages_n, i = 0, j = 0;
    while (i < x_n || j < y_n) {
        int order = i == x_n ? 1 : j == y_n ? -1 : by_identity(&x[i], &y[j]);
        size_t xs = order <= 0 ? same_identity(&x[i], x_n - i) : 0, ys = order >= 0 ? same_identity(&y[j], y_n - j) : 0;
        pair_identity(d, x + i, xs, y + j, ys);
        i += xs;
        j += ys;
    }
}

static void compare_feeds(struct report_diff *d)
{
    const struct side *x = &d->before, *y = &d->after;
    for (size_t i = 0, j = 0; i < x->feeds_n || j < y->feeds_n;) {
        int order = i == x->feeds_n ? 1 : j == y->feeds_n ? -1 : slice_cmp(x->feeds[i].feed, y->feeds[j].feed);
        if (order != 0 || !slice_eq(x->feeds[i].segment, y->feeds[j].segment))
            VEC_PUSH(&d->arena, &d->feeds) =
                (struct feed_change){order <= 0 ? &x->feeds[i] : NULL, order >= 0 ? &y->feeds[j] : NULL};
        i += order <= 0;
        j += order >= 0;
    }
}

static bool feed_differs(const struct report_diff *d, struct slice feed)
{
    for (size_t i = 0; i < d->feeds.n; i++) {
        const struct feed_part *part = d->feeds.v[i].after != NULL ? d->feeds.v[i].after : d->feeds.v[i].before;
        if (slice_eq(part->feed, feed))
            return true;
    }
    return false;
}

static bool distribution_differs(const struct report_diff *d)
{
    return !slice_eq(d->before.distribution, d->after.distribution) ||
           !slice_eq(d->before.distribution_version, d->after.distribution_version);
}

// The causes that lie where the finding comes from; without any, what differs elsewhere; without that, how the reports
// were made.
static void find_causes(const struct report_diff *d, struct finding_change *c)
{
    const struct finding *any = c->after != NULL ? c->after : c->before;
    c->causes[CAUSE_IMAGE] = any->package->partner == NULL || any->package->changed || distribution_differs(d);
    if (any->package->partner == NULL)
        return; // the package came or went, and its findings with it
    c->causes[CAUSE_FEEDS] = feed_differs(d, any->feed) || (c->before != NULL && feed_differs(d, c->before->feed));
    c->causes[CAUSE_PROGRAM] = !slice_eq(d->before.program, d->after.program);
    if (!c->causes[CAUSE_IMAGE] && !c->causes[CAUSE_FEEDS] && !c->causes[CAUSE_PROGRAM]) {
        c->causes[CAUSE_FEEDS] = d->feeds.n != 0;
        c->causes[CAUSE_OPTIONS] = d->feeds.n == 0;
    }
}

static const struct finding *counterpart(const struct side *other, const struct finding *f)
{
    const struct finding wanted = {.package = f->package->partner, .vulnerability = f->vulnerability};
    if (wanted.package == NULL || other->findings_n == 0)
        return NULL;
    return bsearch(&wanted, other->findings, other->findings_n, sizeof *other->findings, finding_order);
}

static bool says_the_same(const struct finding *x, const struct finding *y)
{
    return slice_eq(x->severity, y->severity) && slice_eq(x->fixed_in, y->fixed_in) && slice_eq(x->status, y->status);
}

static void add_finding(struct report_diff *d, enum change change, const struct finding *before,
                        const struct finding *after)
{
    struct finding_change *c = &VEC_PUSH(&d->arena, &d->findings);
    *c = (struct finding_change){.change = change, .before = before, .after = after};
    find_causes(d, c);
}

static void compare_findings(struct report_diff *d)
{
    for (size_t i = 0; i < d->after.findings_n; i++)
        if (counterpart(&d->before, &d->after.findings[i]) == NULL)
            add_finding(d, CHANGE_ADDED, NULL, &d->after.findings[i]);
    for (size_t i = 0; i < d->before.findings_n; i++) {
        const struct finding *f = &d->before.findings[i], *other = counterpart(&d->after, f);
        if (other != NULL && !says_the_same(f, other))
            add_finding(d, CHANGE_CHANGED, f, other);
    }
    for (size_t i = 0; i < d->before.findings_n; i++)
        if (counterpart(&d->after, &d->before.findings[i]) == NULL)
            add_finding(d, CHANGE_REMOVED, &d->before.findings[i], NULL);
}

struct report_diff *report_diff_new(struct slice before, struct slice after, struct error *err)
{
    struct report_diff *d = must_alloc(sizeof *d);
    *d = (struct report_diff){0};
    if (!read_side(&d->before, before, &d->arena, err)) {
        error_wrap(err, "the first");
        report_diff_free(&d);
    } else if (!read_side(&d->after, after, &d->arena, err)) {
        error_wrap(err, "the second");
        report_diff_free(&d);
    } else {
        compare_packages(d);
        compare_feeds(d);
        compare_findings(d);
    }
    return d;
}

void report_diff_free(struct report_diff **d)
{
    if (*d == NULL)
        return;
    json_free(&(*d)->before.doc);
    json_free(&(*d)->after.doc);
    arena_free(&(*d)->arena);
    free(*d);
    *d = NULL;
}

// ---- for people -----------------------------------------------------------------------------------------------------

// A text, or a dash for an empty one.
static void add_text(struct arena *a, struct buf *out, struct slice text)
{
    struct slice plain = utf8_plain(a, text);
    buf_add(out, plain.n != 0 ? plain : SLICE("-"));
}

static void add_pair(struct arena *a, struct buf *out, const char *what, struct slice before, struct slice after)
{
    buf_addf(out, "%-9s ", what);
    add_text(a, out, before);
    if (!slice_eq(before, after)) {
        buf_adds(out, " -> ");
        add_text(a, out, after);
    } else {
        buf_adds(out, " in both");
    }
    buf_addc(out, '\n');
}

static void write_package(struct arena *a, const struct package_change *c, struct buf *out)
{
    const struct package *any = c->after != NULL ? c->after : c->before;
    buf_addf(out, "  %-8s ", change_names[c->change]);
    add_text(a, out, any->kind);
    buf_addc(out, ' ');
    add_text(a, out, any->name);
    buf_addc(out, ' ');
    if (c->change == CHANGE_CHANGED) {
        add_text(a, out, c->before->version);
        buf_adds(out, " -> ");
    }
    add_text(a, out, any->version);
    buf_addc(out, '\n');
}

static void write_feed(struct arena *a, const struct feed_change *c, struct buf *out)
{
    buf_adds(out, "  ");
    add_text(a, out, (c->after != NULL ? c->after : c->before)->feed);
    buf_adds(out, " of ");
    add_text(a, out, c->before != NULL ? c->before->updated : SLICE(""));
    buf_adds(out, " -> ");
    add_text(a, out, c->after != NULL ? c->after->updated : SLICE(""));
    buf_addc(out, '\n');
}

static void write_judgement(struct arena *a, const struct finding *f, struct buf *out)
{
    add_text(a, out, f->severity);
    if (f->fixed_in.n != 0) {
        buf_adds(out, ", fixed in ");
        add_text(a, out, f->fixed_in);
    }
}

static void write_finding(struct arena *a, const struct finding_change *c, struct buf *out)
{
    const struct finding *any = c->after != NULL ? c->after : c->before;
    buf_addf(out, "  %-8s ", change_names[c->change]);
    add_text(a, out, any->vulnerability);
    buf_addc(out, ' ');
    add_text(a, out, any->package->name);
    buf_addc(out, ' ');
    add_text(a, out, any->package->version);
    buf_adds(out, ": ");
    write_judgement(a, c->before != NULL ? c->before : c->after, out);
    if (c->before != NULL && c->after != NULL) {
        buf_adds(out, " -> ");
        write_judgement(a, c->after, out);
    }
    buf_adds(out, " (");
    for (size_t i = 0, n = 0; i < CAUSES; i++)
        if (c->causes[i])
            buf_addf(out, "%s%s", n++ != 0 ? ", " : "", cause_names[i]);
    buf_adds(out, ")\n");
}

void report_diff_text(const struct report_diff *d, struct buf *out)
{
    struct arena a ARENA_AUTO = {0};
    size_t counts[3] = {0};
    add_pair(&a, out, "image", d->before.manifest, d->after.manifest);
    for (size_t i = 0; i < d->packages.n; i++)
        write_package(&a, &d->packages.v[i], out);
    add_pair(&a, out, "feeds", d->before.generation, d->after.generation);
    for (size_t i = 0; i < d->feeds.n; i++)
        write_feed(&a, &d->feeds.v[i], out);
    add_pair(&a, out, "program", d->before.program, d->after.program);
    buf_adds(out, "findings\n");
    for (size_t i = 0; i < d->findings.n; i++) {
        counts[d->findings.v[i].change]++;
        write_finding(&a, &d->findings.v[i], out);
    }
    buf_addf(out, "%zu added, %zu changed, %zu removed\n", counts[CHANGE_ADDED], counts[CHANGE_CHANGED],
             counts[CHANGE_REMOVED]);
}

// ---- for programs ---------------------------------------------------------------------------------------------------

static yyjson_mut_val *add_sides(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key, struct slice before,
                                 struct slice after)
{
    yyjson_mut_val *object = json_add_obj(doc, root, key);
    json_add_str(doc, object, "from", before);
    json_add_str(doc, object, "to", after);
    return object;
}

static void add_packages(yyjson_mut_doc *doc, yyjson_mut_val *image, const struct report_diff *d)
{
    yyjson_mut_val *list = json_add_arr(doc, image, "packages");
    for (size_t i = 0; i < d->packages.n; i++) {
        const struct package_change *c = &d->packages.v[i];
        const struct package *any = c->after != NULL ? c->after : c->before;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "change", slice_str(change_names[c->change]));
        json_add_str(doc, item, "kind", any->kind);
        json_add_str(doc, item, "name", any->name);
        json_add_str(doc, item, "arch", any->arch);
        json_add_str(doc, item, "path", any->path);
        json_add_str(doc, item, "from", c->before != NULL ? c->before->version : SLICE(""));
        json_add_str(doc, item, "to", c->after != NULL ? c->after->version : SLICE(""));
    }
}

static void add_feeds(yyjson_mut_doc *doc, yyjson_mut_val *feeds, const struct report_diff *d)
{
    yyjson_mut_val *list = json_add_arr(doc, feeds, "changed");
    for (size_t i = 0; i < d->feeds.n; i++) {
        const struct feed_part *before = d->feeds.v[i].before, *after = d->feeds.v[i].after;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "feed", (after != NULL ? after : before)->feed);
        json_add_str(doc, item, "from", before != NULL ? before->segment : SLICE(""));
        json_add_str(doc, item, "to", after != NULL ? after->segment : SLICE(""));
        json_add_str(doc, item, "updated", after != NULL ? after->updated : SLICE(""));
    }
}

static void add_judgement(yyjson_mut_doc *doc, yyjson_mut_val *item, const char *key, const struct finding *f)
{
    yyjson_mut_val *object = json_add_obj(doc, item, key);
    if (f == NULL)
        return;
    json_add_str(doc, object, "version", f->package->version);
    json_add_str(doc, object, "severity", f->severity);
    json_add_str(doc, object, "fixed_in", f->fixed_in);
    json_add_str(doc, object, "status", f->status);
    json_add_str(doc, object, "feed", f->feed);
}

static void add_findings(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report_diff *d)
{
    yyjson_mut_val *list = json_add_arr(doc, root, "findings");
    for (size_t i = 0; i < d->findings.n; i++) {
        const struct finding_change *c = &d->findings.v[i];
        const struct finding *any = c->after != NULL ? c->after : c->before;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "change", slice_str(change_names[c->change]));
        json_add_str(doc, item, "vulnerability", any->vulnerability);
        json_add_str(doc, item, "kind", any->package->kind);
        json_add_str(doc, item, "package", any->package->name);
        json_add_str(doc, item, "path", any->package->path);
        add_judgement(doc, item, "from", c->before);
        add_judgement(doc, item, "to", c->after);
        yyjson_mut_val *causes = json_add_arr(doc, item, "causes");
        for (size_t cause = 0; cause < CAUSES; cause++)
            if (c->causes[cause])
                json_arr_add_str(doc, causes, slice_str(cause_names[cause]));
    }
}

void report_diff_json(const struct report_diff *d, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "schema", SLICE("clarion/report-diff/1"));
    yyjson_mut_val *image = add_sides(doc, root, "image", d->before.manifest, d->after.manifest);
    add_packages(doc, image, d);
    add_feeds(doc, add_sides(doc, root, "feeds", d->before.generation, d->after.generation), d);
    add_sides(doc, root, "program", d->before.program, d->after.program);
    add_findings(doc, root, d);
    json_write(doc, true, out);
    buf_addc(out, '\n');
}
