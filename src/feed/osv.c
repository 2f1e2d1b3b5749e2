// OSV records, one JSON document each in an archive.
//
// Form: the Open Source Vulnerability schema 1.7 (https://ossf.github.io/osv-schema/), and the exports of osv.dev
// (https://google.github.io/osv.dev/data/): ECOSYSTEM/all.zip holds every record that names a package of the ecosystem,
// whatever else it names. What the sources put into the parts that the schema leaves to them: severity as a word in
// "database_specific" (GitHub's and PyPA's), of a record or of one package; "informational" there (RustSec's: no
// vulnerability, but something to know). "ecosystem_specific.imports" (Go's: which symbols are vulnerable) and
// "custom_ranges" (Go's: versions that its tools do not know, for people) are not read: an inventory tells no symbols.
//
// AlmaLinux and Rocky Linux publish their notices so. AlmaLinux has the CVEs in "related", Rocky in "aliases" or
// "upstream"; both have the severity in front of the summary, and the modules of modular packages only there:
// "Important: nodejs:18 security update". Rocky's versions may lack an epoch, which their purl then has.
#include "feed/osv.h"

#include "base/json.h"
#include "feed/osv_ranges.h"
#include "feed/tar_members.h"
#include "feed/zip_members.h"
#include "inventory/purl.h"

// The most comparisons that are spent on finding which of the listed versions a range holds: what is listed and in a
// range is kept twice then, which changes no judgement.
#define COMPARISONS ((uint64_t)10000000)

struct osv {
    struct feed_input *input;
    const struct osv_ecosystem *ecosystem;
    struct slice release; // of the scope, "8"; empty when the ecosystem is not told apart by them
    struct arena arena;   // of one document
    yyjson_val *root;
    struct advisory record; // what all of the document's records have in common, then one package's
    struct slice modules;   // that the notice tells of, blank-separated
    VEC(struct slice) ids;  // under which it is kept
};

static bool leave_out(struct osv *o, const char *why)
{
    feed_leave_out(o->input, why, &o->record);
    return true;
}

// ---- texts of the document ------------------------------------------------------------------------------------------

static void add_word(struct buf *out, struct slice word)
{
    if (out->n != 0)
        buf_addc(out, ' ');
    buf_add(out, word);
}

// A word of a blank-separated list: without anything that is none.
static bool is_word(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
            return false;
    return text.n != 0;
}

static struct slice read_words(struct osv *o, const char *member)
{
    struct buf out BUF_AUTO = {0};
    yyjson_val *list = yyjson_obj_get(o->root, member), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        if (is_word(json_val_str(item)))
            add_word(&out, json_val_str(item));
    }
    return arena_dup(&o->arena, buf_slice(&out));
}

static struct slice read_description(struct osv *o)
{
    struct slice summary = slice_trim(json_str(o->root, "summary"));
    struct slice details = slice_trim(json_str(o->root, "details"));
    struct buf out BUF_AUTO = {0};
    if (slice_starts(details, summary))
        return details;
    buf_add(&out, summary);
    buf_adds(&out, details.n != 0 ? "\n\n" : "");
    buf_add(&out, details);
    return arena_dup(&o->arena, buf_slice(&out));
}

// What somebody who has to act looks for first: what was said of the flaw, then how it was mended, then the rest.
static int rank_of(struct slice type)
{
    return slice_eq(type, SLICE("ADVISORY")) ? 0 : slice_eq(type, SLICE("FIX")) ? 1 : 2;
}

static struct slice read_links(struct osv *o)
{
    struct buf out BUF_AUTO = {0};
    yyjson_val *list = yyjson_obj_get(o->root, "references"), *item;
    size_t i, n;
    for (int rank = 0; rank < 3; rank++) {
        yyjson_arr_foreach(list, i, n, item)
        {
            struct slice url = json_str(item, "url");
            if (rank_of(json_str(item, "type")) == rank && is_word(url))
                add_word(&out, url);
        }
    }
    return arena_dup(&o->arena, buf_slice(&out));
}

// The vectors of a "severity", of the record or of a package.
static struct slice read_cvss(struct osv *o, yyjson_val *object)
{
    struct buf out BUF_AUTO = {0};
    yyjson_val *list = yyjson_obj_get(object, "severity"), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        if (slice_starts(json_str(item, "type"), SLICE("CVSS_V")) && is_word(json_str(item, "score")))
            add_word(&out, json_str(item, "score"));
    }
    return arena_dup(&o->arena, buf_slice(&out));
}

// ---- a notice of a distribution -------------------------------------------------------------------------------------

static bool is_severity(struct slice word)
{
    static const char *const words[] = {"Low", "Moderate", "Important", "Critical"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_eq(word, slice_str(words[i])))
            return true;
    return false;
}

// "nodejs:18", with whatever a sentence puts behind it; of "httpd:2.4/mod_http2" the module, not its package. False for
// a word that names no stream.
static bool is_stream(struct slice *word)
{
    struct slice package;
    slice_cut(*word, '/', word, &package);
    while (slice_ends(*word, SLICE(",")) || slice_ends(*word, SLICE(".")))
        word->n--;
    ptrdiff_t colon = slice_find(*word, ':');
    return colon > 0 && (size_t)colon + 1 < word->n;
}

// The severity and the modules of a summary. One that names no stream, though the packages are a module's, is about
// that which it begins with, in any stream: "Important: varnish security update".
static void read_summary(struct osv *o)
{
    struct buf streams BUF_AUTO = {0};
    struct slice summary = slice_trim(json_str(o->root, "summary")), rest, word, first = {0};
    slice_cut(summary, ':', &word, &rest);
    if (is_severity(word))
        o->record.severity = word;
    else
        rest = summary;
    while (rest.n != 0) {
        slice_cut(rest, ' ', &word, &rest);
        first = first.n == 0 ? word : first;
        if (is_stream(&word))
            add_word(&streams, word);
    }
    o->modules = streams.n != 0 ? arena_dup(&o->arena, buf_slice(&streams)) : first;
}

static void add_cves(struct osv *o, const char *member)
{
    yyjson_val *list = yyjson_obj_get(o->root, member), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        if (slice_starts(json_val_str(item), SLICE("CVE-")))
            VEC_PUSH(&o->arena, &o->ids) = json_val_str(item);
    }
}

// Notices of other updates, bug fixes (ALBA-) and enhancements (ALEA-), come in the same form. False for one of them
// that tells of no CVE.
static bool read_notice(struct osv *o)
{
    struct slice id = o->record.vulnerability;
    add_cves(o, "related");
    add_cves(o, "aliases");
    add_cves(o, "upstream");
    if (o->ids.n == 0 && id.n > 2 && id.p[2] != 'S')
        return false;
    if (o->ids.n == 0)
        VEC_PUSH(&o->arena, &o->ids) = id;
    o->record.advisories = id;
    read_summary(o);
    return true;
}

// ---- packages -------------------------------------------------------------------------------------------------------

// Adds a range of versions of the package, under each of the document's ids.
static bool add_range(struct osv *o, const struct advisory_range *range, struct error *err)
{
    struct advisory record = o->record;
    record.introduced = range->introduced;
    record.status = range->status;
    record.bound = range->bound;
    // rpm's packages of modules say so in their release: 18.14.2-2.module_el8.7.0+3472+f0d80c1d.
    if (o->ecosystem->notices && slice_find_slice(range->bound, SLICE(".module")) >= 0)
        record.module = o->modules;
    for (size_t i = 0; i < o->ids.n; i++) {
        record.vulnerability = o->ids.v[i];
        if (!feed_add(o->input, &record, err))
            return false;
    }
    return true;
}

static struct slice epoch_of(struct osv *o, yyjson_val *package)
{
    static const struct slice key = {"epoch=", sizeof "epoch=" - 1};
    struct slice purl = json_str(package, "purl"), epoch, rest;
    ptrdiff_t at = slice_find_slice(purl, key);
    uint64_t number;
    slice_cut(at < 0 ? SLICE("") : slice_from(purl, (size_t)at + key.n), '&', &epoch, &rest);
    return o->ecosystem->notices && slice_to_u64(epoch, &number) && number != 0 ? epoch : SLICE("");
}

static bool take_range(struct osv *o, yyjson_val *range, struct slice epoch, advisory_range_vec *ranges,
                       struct error *err)
{
    struct slice type = json_str(range, "type");
    yyjson_val *events = yyjson_obj_get(range, "events");
    if (slice_eq(type, SLICE("GIT")))
        return leave_out(o, "has a range of commits");
    if (!slice_eq(type, SLICE("SEMVER")) && !slice_eq(type, SLICE("ECOSYSTEM")))
        return leave_out(o, "has a range of no known type");
    if (yyjson_arr_size(events) > o->input->limits->feed_range_events)
        return error_set(err, ERR_LIMIT, "%.*s has a range of more than %llu events (limit feed_range_events)",
                         SLICE_ARG(o->record.vulnerability), (unsigned long long)o->input->limits->feed_range_events);
    const char *fault = osv_read_events(&o->arena, events, o->ecosystem->scheme, epoch, ranges);
    return fault == NULL || leave_out(o, fault);
}

static bool take_ranges(struct osv *o, yyjson_val *affected, advisory_range_vec *ranges, struct error *err)
{
    yyjson_val *list = yyjson_obj_get(affected, "ranges"), *range;
    struct slice epoch = epoch_of(o, yyjson_obj_get(affected, "package"));
    size_t i, n;
    yyjson_arr_foreach(list, i, n, range)
    {
        if (!take_range(o, range, epoch, ranges, err))
            return false;
    }
    for (i = 0; i < ranges->n; i++)
        if (!add_range(o, &ranges->v[i], err))
            return false;
    return true;
}

// Those of "versions" that no range holds are ranges of one version.
static bool take_versions(struct osv *o, yyjson_val *versions, const advisory_range_vec *ranges, struct error *err)
{
    yyjson_val *item;
    size_t i, n;
    bool compare = yyjson_arr_size(versions) * (uint64_t)ranges->n <= COMPARISONS;
    yyjson_arr_foreach(versions, i, n, item)
    {
        struct slice version = json_val_str(item);
        if (version.n == 0) {
            leave_out(o, "lists a version that is none");
        } else if (!compare || !osv_ranges_hold(ranges, o->ecosystem->scheme, version)) {
            struct advisory_range one = {version, ADVISORY_LAST_AFFECTED, version};
            if (!add_range(o, &one, err))
                return false;
        }
    }
    return true;
}

// A priority beside the vectors, of a type that is named for the ecosystem: "Ubuntu".
static struct slice read_priority(const struct osv *o)
{
    yyjson_val *list = yyjson_obj_get(o->root, "severity"), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        if (slice_eq(json_str(item, "type"), slice_str(o->ecosystem->name)))
            return json_str(item, "score");
    }
    return (struct slice){0};
}

// What is said of the package itself stands above what is said of the document.
static void read_traits(struct osv *o, yyjson_val *affected)
{
    yyjson_val *by_database = yyjson_obj_get(affected, "database_specific");
    struct slice words[] = {json_str(by_database, "severity"),
                            json_str(yyjson_obj_get(affected, "ecosystem_specific"), "severity"),
                            json_str(yyjson_obj_get(o->root, "database_specific"), "severity"), read_priority(o)};
    for (size_t i = 0; o->record.severity.n == 0 && i < sizeof words / sizeof words[0]; i++)
        o->record.severity = words[i];
    struct slice cvss = read_cvss(o, affected);
    o->record.cvss = cvss.n != 0 ? cvss : o->record.cvss;
    if (o->record.state.n == 0)
        o->record.state = json_str(by_database, "informational");
}

static bool is_of_ecosystem(const struct osv *o, struct slice name)
{
    struct slice base, release;
    slice_cut(name, ':', &base, &release);
    return slice_eq(base, slice_str(o->ecosystem->name)) &&
           (o->ecosystem->scope != NULL || o->ecosystem->place != NULL || slice_eq(release, o->release));
}

static bool take_affected(struct osv *o, yyjson_val *affected, struct error *err)
{
    struct advisory common = o->record;
    yyjson_val *package = yyjson_obj_get(affected, "package"), *versions = yyjson_obj_get(affected, "versions");
    struct slice name = json_str(package, "name");
    advisory_range_vec ranges = {0};
    if (!is_of_ecosystem(o, json_str(package, "ecosystem")))
        return leave_out(o, "is of another ecosystem");
    const char *fault = o->ecosystem->place != NULL ? o->ecosystem->place(&o->arena, json_str(package, "ecosystem"),
                                                                          json_str(package, "purl"), &o->record)
                                                    : NULL;
    if (fault != NULL)
        return leave_out(o, fault);
    if (o->ecosystem->place != NULL)
        segment_add_scope(o->input->builder, o->record.scope);
    o->record.package = purl_lookup_name(&o->arena, slice_str(o->ecosystem->kind), name);
    if (yyjson_arr_size(yyjson_obj_get(affected, "ranges")) + yyjson_arr_size(versions) == 0)
        leave_out(o, "names no version");
    read_traits(o, affected);
    bool ok = take_ranges(o, affected, &ranges, err) && take_versions(o, versions, &ranges, err);
    o->record = common;
    return ok;
}

// ---- documents ------------------------------------------------------------------------------------------------------

static void read_document(struct osv *o)
{
    o->record = (struct advisory){
        .scope = o->ecosystem->scope != NULL ? slice_str(o->ecosystem->scope) : o->input->scope,
        .of_source = o->ecosystem->of_source,
        .vulnerability = json_str(o->root, "id"),
        .description = read_description(o),
        .cvss = read_cvss(o, o->root),
        .links = read_links(o),
    };
    if (!o->ecosystem->notices)
        o->record.aliases = read_words(o, "aliases");
    if (o->ecosystem->id_prefix != NULL)
        o->record.advisories = read_words(o, "related");
}

// Takes the prefix off the id. False when it has another one.
static bool read_id(struct osv *o)
{
    struct slice prefix = slice_str(o->ecosystem->id_prefix), *id = &o->record.vulnerability;
    if (prefix.n == 0)
        return true;
    bool fits = slice_starts(*id, prefix);
    *id = fits ? slice_from(*id, prefix.n) : *id;
    return fits;
}

static bool take_document(struct osv *o, struct error *err)
{
    yyjson_val *list = yyjson_obj_get(o->root, "affected"), *affected;
    size_t i, n;
    read_document(o);
    if (o->record.vulnerability.n == 0)
        return leave_out(o, "is no OSV record");
    if (!read_id(o))
        return leave_out(o, "is a notice, which tells of what other records tell");
    if (json_str(o->root, "withdrawn").n != 0)
        return leave_out(o, "was withdrawn");
    if (yyjson_arr_size(list) == 0)
        return leave_out(o, "names no package");
    if (!o->ecosystem->notices)
        VEC_PUSH(&o->arena, &o->ids) = o->record.vulnerability;
    else if (!read_notice(o))
        return leave_out(o, "tells of no vulnerability");
    yyjson_arr_foreach(list, i, n, affected)
    {
        if (!take_affected(o, affected, err))
            return false;
    }
    return true;
}

static bool take_member(void *context, struct slice name, struct slice content, struct error *err)
{
    struct osv *o = context;
    if (!slice_ends(name, SLICE(".json"))) {
        o->record = (struct advisory){0};
        return leave_out(o, "is no JSON file");
    }
    yyjson_doc *doc JSON_AUTO = json_parse(content, err);
    if (doc == NULL)
        return false;
    o->root = yyjson_doc_get_root(doc);
    bool ok = take_document(o, err);
    arena_free(&o->arena);
    o->ids.v = NULL;
    o->ids.n = o->ids.cap = 0;
    return ok;
}

bool osv_parse(struct feed_input *input, const struct osv_ecosystem *ecosystem, struct error *err)
{
    struct osv o = {.input = input, .ecosystem = ecosystem};
    struct slice base;
    if (ecosystem->scope == NULL)
        slice_cut(input->scope, ':', &base, &o.release);
    segment_add_scope(input->builder, ecosystem->scope != NULL ? slice_str(ecosystem->scope) : input->scope);
    return zip_for_each_member(input->file, input->limits, take_member, &o, err);
}

bool osv_parse_tar(struct feed_input *input, const struct osv_ecosystem *ecosystem, struct error *err)
{
    struct osv o = {.input = input, .ecosystem = ecosystem};
    return tar_for_each_member(input->body, input->limits, take_member, &o, err);
}
