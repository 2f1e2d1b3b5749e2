// From events to ranges: OSV's "Evaluation" (https://ossf.github.io/osv-schema/#evaluation), solved for the versions.
//
// The schema sorts the events and goes through them: a version at or above an "introduced" is affected from there on,
// one at or above a "fixed", or above a "last_affected", is not any more, until the next "introduced". What is affected
// at all must be below one of the limits, where there are any.
#include "feed/osv_ranges.h"

#include <stdlib.h>

enum event_kind { INTRODUCED, FIXED, LAST_AFFECTED, LIMIT };

struct event {
    enum event_kind kind;
    struct slice version; // empty for the "0" of an "introduced", which is below all
    size_t place;         // in the file: of events at one version the order there counts
};

typedef VEC(struct event) event_vec;

// The "*" of a limit, above all.
static bool is_no_limit(const struct event *e)
{
    return e->kind == LIMIT && slice_eq(e->version, SLICE("*"));
}

static struct slice with_epoch(struct arena *a, struct slice version, struct slice epoch)
{
    if (epoch.n == 0 || slice_find(version, ':') >= 0)
        return version;
    struct buf text BUF_AUTO = {0};
    buf_add(&text, epoch);
    buf_addc(&text, ':');
    buf_add(&text, version);
    return arena_dup(a, buf_slice(&text));
}

// An event is an object of one member; of one with several, each is an event.
static const char *read_event(struct arena *a, yyjson_val *object, struct slice epoch, event_vec *out)
{
    static const char *const names[] = {
        [INTRODUCED] = "introduced", [FIXED] = "fixed", [LAST_AFFECTED] = "last_affected", [LIMIT] = "limit"};
    yyjson_val *key, *value;
    size_t i, n, before = out->n;
    yyjson_obj_foreach(object, i, n, key, value)
    {
        size_t kind = 0;
        while (kind < sizeof names / sizeof names[0] && !slice_eq(json_val_str(key), slice_str(names[kind])))
            kind++;
        struct slice version = json_val_str(value);
        if (kind == sizeof names / sizeof names[0] || yyjson_is_null(value))
            continue;
        if (version.n == 0)
            return "has an event without a version";
        bool first = kind == INTRODUCED && slice_eq(version, SLICE("0"));
        VEC_PUSH(a, out) =
            (struct event){(enum event_kind)kind, first ? SLICE("") : with_epoch(a, version, epoch), out->n};
    }
    return out->n != before ? NULL : "has an event of no known kind";
}

static int by_version(const void *x, const void *y, void *context)
{
    const struct version_scheme *const *scheme = context;
    const struct event *a = x, *b = y;
    int order = (a->version.n != 0) - (b->version.n != 0);
    if (order == 0 && a->version.n != 0)
        order = (*scheme)->compare(a->version, b->version);
    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

// The highest limit, where there is one and none is "*"; NULL otherwise.
static const struct event *limit_of(const event_vec *sorted)
{
    const struct event *limit = NULL;
    for (size_t i = 0; i < sorted->n; i++) {
        if (is_no_limit(&sorted->v[i]))
            return NULL;
        if (sorted->v[i].kind == LIMIT)
            limit = &sorted->v[i];
    }
    return limit;
}

// Adds a range, as much of it as is below the limit and holds a version.
static void add(struct arena *a, struct advisory_range range, const struct event *limit,
                const struct version_scheme *scheme, advisory_range_vec *out)
{
    if (limit != NULL && (range.status == ADVISORY_AFFECTED || scheme->compare(range.bound, limit->version) >= 0)) {
        range.status = ADVISORY_FIXED;
        range.bound = limit->version;
    }
    if (range.status == ADVISORY_FIXED && range.introduced.n != 0 &&
        scheme->compare(range.introduced, range.bound) >= 0)
        return;
    VEC_PUSH(a, out) = range;
}

const char *osv_read_events(struct arena *a, yyjson_val *events, const struct version_scheme *scheme,
                            struct slice epoch, advisory_range_vec *out)
{
    event_vec sorted = {0};
    yyjson_val *event;
    size_t i, n, before = out->n;
    yyjson_arr_foreach(events, i, n, event)
    {
        const char *fault = read_event(a, event, epoch, &sorted);
        if (fault != NULL)
            return fault;
    }
    if (sorted.n > 1)
        qsort_r(sorted.v, sorted.n, sizeof *sorted.v, by_version, &scheme);
    const struct event *limit = limit_of(&sorted), *open = NULL;
    for (i = 0; i < sorted.n; i++) {
        const struct event *e = &sorted.v[i];
        if (e->kind == INTRODUCED) {
            open = open != NULL ? open : e;
        } else if (e->kind != LIMIT && open != NULL) {
            enum advisory_status status = e->kind == FIXED ? ADVISORY_FIXED : ADVISORY_LAST_AFFECTED;
            add(a, (struct advisory_range){open->version, status, e->version}, limit, scheme, out);
            open = NULL;
        }
    }
    if (open != NULL)
        add(a, (struct advisory_range){.introduced = open->version, .status = ADVISORY_AFFECTED}, limit, scheme, out);
    return out->n != before ? NULL : "has a range that holds no version";
}

bool osv_ranges_hold(const advisory_range_vec *ranges, const struct version_scheme *scheme, struct slice version)
{
    for (size_t i = 0; i < ranges->n; i++)
        if (advisory_range_holds(ranges->v[i], scheme, version))
            return true;
    return false;
}
