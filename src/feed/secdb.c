// Form, as secdb.alpinelinux.org publishes it: {"distroversion", "reponame", "packages": [{"pkg": {"name", "secfixes":
// {VERSION: ["CVE-…", …]}}}]}. A version of "0" says that the package was never affected. An entry may hold several ids
// and remarks ("CVE-2017-2616 (+ regression fix)", "CVE-2020-11740 CVE-2020-11741 XSA-313"), and "secfixes" may be an
// empty array. Wolfi and Chainguard keep to it, with one id an entry.
#include "feed/secdb.h"

#include "base/json.h"
#include "feed/json_members.h"

// ---- the ids of an entry --------------------------------------------------------------------------------------------

struct ids {
    VEC(struct slice) cves, others;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t digits(struct slice s)
{
    size_t n = 0;
    while (n < s.n && is_digit(s.p[n]))
        n++;
    return n;
}

// ".patch", or "-1" of a fix in several parts.
static bool is_suffix(struct slice s)
{
    return s.n == 0 || slice_eq(s, SLICE(".patch")) || (s.n == 2 && s.p[0] == '-' && is_digit(s.p[1]));
}

// "CVE-2019-1234" in any case, with "_" or a blank for "-" or a suffix, as some entries have it: in its usual form, in
// the arena. False for "CVE-????-?????" and the like.
static bool take_cve(struct arena *a, struct slice word, struct slice *id)
{
    if (word.n < 4 || !slice_eq_nocase(slice_of(word.p, 3), SLICE("CVE")) || slice_find(SLICE("-_ "), word.p[3]) < 0)
        return false;
    struct slice rest = slice_from(word, 4), number = slice_from(rest, 5);
    size_t number_n = digits(number);
    if (digits(rest) != 4 || rest.n < 5 || (rest.p[4] != '-' && rest.p[4] != '_') || number_n < 4 ||
        !is_suffix(slice_from(number, number_n)))
        return false;
    *id = arena_printf(a, "CVE-%.4s-%.*s", rest.p, (int)number_n, number.p);
    return true;
}

// Another id: a word of letters, digits and a few signs that is no CVE in disguise. It has a digit in it, but for those
// of GitHub and Chainguard, whose letters are drawn by lot.
static bool is_other_id(struct slice word)
{
    bool digit = slice_starts(word, SLICE("GHSA-")) || slice_starts(word, SLICE("CGA-"));
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        if (!is_letter(c) && !is_digit(c) && c != '-' && c != '.' && c != ':')
            return false;
        digit = digit || is_digit(c);
    }
    return digit && word.n >= 5 && !is_digit(word.p[0]) && !slice_eq_nocase(slice_of(word.p, 4), SLICE("CVE-"));
}

static bool is_separator(char c)
{
    return c == ' ' || c == ',' || c == '/' || c == ';' || c == '\t';
}

static void read_ids(struct arena *a, struct slice entry, struct ids *ids)
{
    ptrdiff_t remark = slice_find(entry, '(');
    struct slice rest = slice_trim(remark >= 0 ? slice_of(entry.p, (size_t)remark) : entry), id;
    if (take_cve(a, rest, &id)) { // as a whole, for the sake of "CVE 2025-48379"
        VEC_PUSH(a, &ids->cves) = id;
        return;
    }
    while (rest.n != 0) {
        size_t n = 0;
        while (n < rest.n && !is_separator(rest.p[n]))
            n++;
        struct slice word = slice_of(rest.p, n);
        rest = slice_from(rest, n + 1);
        if (take_cve(a, word, &id))
            VEC_PUSH(a, &ids->cves) = id;
        else if (is_other_id(word))
            VEC_PUSH(a, &ids->others) = word;
    }
}

// ---- the file -------------------------------------------------------------------------------------------------------

static bool add_ids(struct feed_input *input, struct advisory *record, const struct slice *ids, size_t n,
                    struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        record->vulnerability = ids[i];
        if (!feed_add(input, record, err))
            return false;
    }
    return true;
}

// An entry's CVEs are a record each; ids of other lists beside them are their aliases, and records of their own where
// there is no CVE.
static bool take_entry(struct feed_input *input, struct advisory *record, struct slice entry, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct buf aliases BUF_AUTO = {0};
    struct ids ids = {0};
    read_ids(&scratch, entry, &ids);
    record->vulnerability = entry;
    if (ids.cves.n + ids.others.n == 0) {
        feed_leave_out(input, "names no vulnerability", record);
        return true;
    }
    for (size_t i = 0; ids.cves.n != 0 && i < ids.others.n; i++) {
        if (i != 0)
            buf_addc(&aliases, ' ');
        buf_add(&aliases, ids.others.v[i]);
    }
    record->aliases = buf_slice(&aliases);
    return ids.cves.n != 0 ? add_ids(input, record, ids.cves.v, ids.cves.n, err)
                           : add_ids(input, record, ids.others.v, ids.others.n, err);
}

static bool take_version(struct feed_input *input, struct advisory *record, struct slice version, yyjson_val *entries,
                         struct error *err)
{
    yyjson_val *entry;
    size_t i, n;
    version = slice_trim(version); // some keys carry a blank at an end
    if (version.n == 0 || !yyjson_is_arr(entries)) {
        feed_leave_out(input, "is a version without a name or a list", record);
        return true;
    }
    record->status = slice_eq(version, SLICE("0")) ? ADVISORY_NOT_AFFECTED : ADVISORY_FIXED;
    record->bound = record->status == ADVISORY_FIXED ? version : SLICE("");
    yyjson_arr_foreach(entries, i, n, entry)
    {
        if (!take_entry(input, record, json_val_str(entry), err))
            return false;
    }
    return true;
}

static bool take_package(struct feed_input *input, yyjson_val *package, struct error *err)
{
    struct advisory record = {.scope = input->scope, .package = json_str(package, "name"), .of_source = true};
    yyjson_val *fixes = yyjson_obj_get(package, "secfixes"), *key, *value;
    size_t i, n;
    bool none = yyjson_is_arr(fixes) && yyjson_arr_size(fixes) == 0;
    if (record.package.n == 0)
        feed_leave_out(input, "is a package without a name", &record);
    else if (!yyjson_is_obj(fixes) && !none)
        feed_leave_out(input, "is a package without secfixes", &record);
    if (record.package.n == 0 || !yyjson_is_obj(fixes))
        return true;
    yyjson_obj_foreach(fixes, i, n, key, value)
    {
        if (!take_version(input, &record, json_val_str(key), value, err))
            return false;
    }
    return true;
}

bool secdb_parse(struct feed_input *input, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_read_all(input->body, input->limits, err);
    if (doc == NULL)
        return false;
    yyjson_val *packages = yyjson_obj_get(yyjson_doc_get_root(doc), "packages"), *item;
    size_t i, n;
    if (!yyjson_is_arr(packages))
        return error_set(err, ERR_FORMAT, "no \"packages\" in it");
    segment_add_scope(input->builder, input->scope);
    yyjson_arr_foreach(packages, i, n, item)
    {
        if (!take_package(input, yyjson_obj_get(item, "pkg"), err))
            return false;
    }
    return true;
}
