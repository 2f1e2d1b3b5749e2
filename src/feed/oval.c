#include "feed/oval.h"

#include "feed/oval_file.h"

// ---- what a definition says of itself -------------------------------------------------------------------------------

typedef VEC(struct slice) words;

// A vulnerability of a definition, with what is said of it alone; then, with what is said of all, as records have it.
struct flaw {
    struct slice id;
    words own_links, own_notices, vectors;
    struct slice cvss, links, notices;
};
typedef VEC(struct flaw) flaw_vec;

static size_t digits(struct slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

// The CVE that stands in "Mitre CVE-1999-0077" or "CVE:00001:CVE-2023-5115"; empty when none does.
static struct slice cve_in(struct slice text)
{
    for (;;) {
        ptrdiff_t at = slice_find_slice(text, SLICE("CVE-"));
        if (at < 0)
            return (struct slice){0};
        text = slice_from(text, (size_t)at);
        struct slice number = slice_from(text, sizeof "CVE-0000-" - 1);
        size_t n = digits(number);
        if (digits(slice_from(text, 4)) == 4 && text.n > 8 && text.p[8] == '-' && n >= 4)
            return slice_of(text.p, 9 + n);
        text = slice_from(text, 4);
    }
}

static bool is_among(const words *list, struct slice word)
{
    for (size_t i = 0; i < list->n; i++)
        if (slice_eq(list->v[i], word))
            return true;
    return false;
}

// Adds a word, which stays where it is, unless it is there.
static void add_word(struct arena *a, words *list, struct slice word)
{
    if (word.n != 0 && slice_find(word, ' ') < 0 && !is_among(list, word))
        VEC_PUSH(a, list) = word;
}

static void add_words(struct arena *a, words *list, struct slice text)
{
    struct slice word;
    while (text.n != 0) {
        slice_cut(text, ' ', &word, &text);
        add_word(a, list, word);
    }
}

// Both lists as one, blank-separated.
static struct slice joined(struct arena *a, const words *first, const words *second)
{
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < first->n + second->n; i++) {
        struct slice word = i < first->n ? first->v[i] : second->v[i - first->n];
        if (i >= first->n && is_among(first, word))
            continue;
        if (text.n != 0)
            buf_addc(&text, ' ');
        buf_add(&text, word);
    }
    return arena_dup(a, buf_slice(&text));
}

static bool is_of_cve(const struct oval_reference *r)
{
    return slice_eq(r->source, SLICE("CVE")) || slice_eq(r->source, SLICE("SUSE CVE"));
}

// NULL when there is none of that name, as when it is empty.
static struct flaw *flaw_of(const flaw_vec *flaws, struct slice id)
{
    for (size_t i = 0; i < flaws->n && id.n != 0; i++)
        if (slice_eq(flaws->v[i].id, id))
            return &flaws->v[i];
    return NULL;
}

static void add_flaw(struct arena *a, flaw_vec *flaws, struct slice id)
{
    if (flaw_of(flaws, id) == NULL)
        VEC_PUSH(a, flaws) = (struct flaw){.id = id};
}

// The notices that a definition is or names: what its references are, other than CVEs.
static void list_notices(struct arena *a, const struct oval_definition *d, const struct oval_dialect *dialect,
                         words *notices)
{
    if (dialect->notice != NULL) {
        add_words(a, notices, dialect->notice(a, d));
        return;
    }
    for (size_t i = 0; i < d->references_n; i++)
        if (!is_of_cve(&d->references[i]))
            add_word(a, notices, d->references[i].id);
}

// The CVEs of a definition, in its order; one that names none stands for itself, by its notice.
static void list_flaws(struct arena *a, const struct oval_definition *d, const words *notices, flaw_vec *flaws)
{
    for (size_t i = 0; i < d->references_n; i++) {
        struct slice id = is_of_cve(&d->references[i]) ? cve_in(d->references[i].id) : (struct slice){0};
        if (id.n != 0)
            add_flaw(a, flaws, id);
    }
    for (size_t i = 0; i < d->cves_n; i++) {
        struct slice id = cve_in(d->cves[i].id);
        if (id.n != 0)
            add_flaw(a, flaws, id);
    }
    if (flaws->n == 0)
        add_flaw(a, flaws, notices->n != 0 ? notices->v[0] : (struct slice){0});
}

// "6561-1,6560-2" are USN-6561-1 and USN-6560-2.
static void add_usns(struct arena *a, words *list, struct slice usns)
{
    struct slice one;
    while (usns.n != 0) {
        slice_cut(usns, ',', &one, &usns);
        if (one.n != 0)
            add_word(a, list, arena_printf(a, "USN-%.*s", SLICE_ARG(one)));
    }
}

static uint64_t count_of(struct slice text, char separator)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == separator;
    return n;
}

// Each word is compared with those before it, so their number counts.
static bool check_words(const struct oval_definition *d, uint64_t most, struct error *err)
{
    uint64_t n = d->references_n + d->cves_n;
    for (size_t i = 0; i < d->cves_n; i++)
        n += count_of(d->cves[i].usns, ',') + count_of(d->cves[i].cvss, ' ');
    return n <= most || error_set(err, ERR_LIMIT,
                                  "a definition has more than %llu references, CVEs, notices and vectors (limit "
                                  "oval_references)",
                                  (unsigned long long)most);
}

// What is said of each flaw. Links of one flaw first, then those of the notices.
static bool describe(struct arena *a, const struct oval_definition *d, const words *notices,
                     const struct limits *limits, flaw_vec *flaws, struct error *err)
{
    const words none = {0};
    words links = {0};
    uint64_t bytes = 0;
    if (!check_words(d, limits->oval_references, err))
        return false;
    for (size_t i = 0; i < d->cves_n; i++) {
        struct flaw *flaw = flaw_of(flaws, cve_in(d->cves[i].id));
        if (flaw == NULL)
            continue;
        add_word(a, &flaw->own_links, d->cves[i].url);
        add_usns(a, &flaw->own_notices, d->cves[i].usns);
        add_words(a, &flaw->vectors, d->cves[i].cvss);
    }
    for (size_t i = 0; i < d->references_n; i++) {
        bool of_cve = is_of_cve(&d->references[i]);
        struct flaw *flaw = of_cve ? flaw_of(flaws, cve_in(d->references[i].id)) : NULL;
        if (flaw != NULL || !of_cve)
            add_word(a, of_cve ? &flaw->own_links : &links, d->references[i].url);
    }
    for (size_t i = 0; i < flaws->n; i++) {
        struct flaw *flaw = &flaws->v[i];
        flaw->links = joined(a, &flaw->own_links, &links);
        flaw->notices = joined(a, notices, &flaw->own_notices);
        flaw->cvss = joined(a, &flaw->vectors, &none);
        bytes += flaw->links.n + flaw->notices.n + flaw->cvss.n;
        if (bytes > limits->feed_member_bytes)
            return error_set(err, ERR_LIMIT,
                             "the links and notices of a definition's CVEs take more than %llu bytes (limit "
                             "feed_member_bytes)",
                             (unsigned long long)limits->feed_member_bytes);
    }
    return true;
}

// ---- definition by definition ---------------------------------------------------------------------------------------

struct telling {
    struct feed_input *input;
    const struct oval_dialect *dialect;
    const struct oval_definition *definition;
    const struct oval_file *file;
    flaw_vec flaws;
    struct arena *arena;      // of the definition
    struct advisory template; // what is the same for all that the definition says
    struct arena statement;
    uint64_t *worked_out; // ways, of all definitions of the file so far
};

// What is left out is bounded as what is kept: a small file can say it of very many.
static bool leave_out(struct telling *t, const char *reason, struct advisory record, struct error *err)
{
    uint64_t most = t->input->limits->feed_records;
    for (size_t i = 0; i < t->flaws.n; i++) {
        record.vulnerability = t->flaws.v[i].id;
        feed_leave_out(t->input, reason, &record);
    }
    return t->input->tally->left_out <= most ||
           error_set(err, ERR_LIMIT, "more than %llu records that have to be left out (limit feed_records)",
                     (unsigned long long)most);
}

static bool add_for_flaws(struct telling *t, struct advisory record, struct error *err)
{
    for (size_t i = 0; i < t->flaws.n; i++) {
        const struct flaw *flaw = &t->flaws.v[i];
        record.vulnerability = flaw->id;
        record.cvss = flaw->cvss;
        record.links = flaw->links;
        record.advisories = slice_eq(flaw->notices, flaw->id) ? (struct slice){0} : flaw->notices;
        if (!feed_add(t->input, &record, err))
            return false;
    }
    return true;
}

static bool tell_rule(struct telling *t, const struct oval_rule *rule, struct error *err)
{
    struct oval_statement s = {
        .input = t->input, .definition = t->definition, .rule = rule, .arena = &t->statement, .record = t->template};
    s.record.status = rule->status;
    s.record.introduced = rule->introduced;
    s.record.bound = rule->bound;
    s.record.arch = rule->arch;
    s.record.module = rule->module;
    const char *reason = t->dialect->complete(&s);
    if (reason != NULL)
        return leave_out(t, reason, s.record, err);
    if (s.record.scope.n != 0 && s.record.scope.n <= ADVISORY_FIELD_BYTES)
        segment_add_scope(t->input->builder, s.record.scope);
    if (s.record.package.n != 0)
        return add_for_flaws(t, s.record, err);
    for (size_t i = 0; i < rule->names_n; i++) {
        s.record.package = rule->names[i];
        if (!add_for_flaws(t, s.record, err))
            return false;
    }
    return true;
}

static bool tell_way(struct telling *t, const struct oval_way *way, struct error *err)
{
    struct oval_rule rule;
    const char *obstacle = oval_rule_of(t->file, t->definition, way, &t->statement, &rule);
    bool ok = obstacle != NULL ? leave_out(t, obstacle, t->template, err) : tell_rule(t, &rule, err);
    arena_free(&t->statement);
    return ok;
}

// A definition of too many ways costs itself alone, a file of too many such definitions all of it.
static bool tell_ways(struct telling *t, struct error *err)
{
    const struct limits *limits = t->input->limits;
    oval_way_vec ways = {0};
    uint64_t worked_out;
    bool all = oval_ways(t->definition, limits->oval_alternatives, t->arena, &ways, &worked_out);
    *t->worked_out += worked_out;
    if (*t->worked_out > limits->oval_file_alternatives)
        return error_set(err, ERR_LIMIT,
                         "its definitions can hold in too many ways (limit oval_file_alternatives, %llu)",
                         (unsigned long long)limits->oval_file_alternatives);
    if (!all)
        return leave_out(t, "has more alternatives than the limit oval_alternatives", t->template, err);
    if (ways.n == 0)
        return leave_out(t, "has no criteria", t->template, err);
    for (size_t i = 0; i < ways.n; i++)
        if (!tell_way(t, &ways.v[i], err))
            return false;
    return true;
}

static bool tell_definition(struct feed_input *input, const struct oval_dialect *dialect, const struct oval_file *file,
                            const struct oval_definition *d, struct arena *a, uint64_t *worked_out, struct error *err)
{
    struct telling t = {
        .input = input, .dialect = dialect, .definition = d, .file = file, .arena = a, .worked_out = worked_out};
    struct slice description = dialect->description != NULL ? dialect->description(d->description) : d->description;
    t.template = (struct advisory){
        .scope = input->scope, .of_source = dialect->of_source, .severity = d->severity, .description = description};
    words notices = {0};
    list_notices(a, d, dialect, &notices);
    list_flaws(a, d, &notices, &t.flaws);
    if (!describe(a, d, &notices, input->limits, &t.flaws, err))
        return false;
    if (d->class == OVAL_OTHER_CLASS)
        return leave_out(&t, "is neither a patch nor a vulnerability", t.template, err);
    return tell_ways(&t, err);
}

bool oval_read(struct feed_input *input, const struct oval_dialect *dialect, struct error *err)
{
    struct oval_file file OVAL_FILE_AUTO = {0};
    struct oval_definition definition;
    uint64_t worked_out = 0;
    bool ok = oval_file_read(&file, input->body, input->limits, err);
    if (ok && input->scope.n != 0)
        segment_add_scope(input->builder, input->scope);
    while (ok) {
        struct arena a ARENA_AUTO = {0};
        if (!oval_file_next(&file, &a, &definition))
            break;
        ok = tell_definition(input, dialect, &file, &definition, &a, &worked_out, err);
    }
    return ok;
}
