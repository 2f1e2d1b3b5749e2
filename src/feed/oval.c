#include "feed/oval.h"

#include "feed/oval_file.h"

// ---- what a definition says of itself -------------------------------------------------------------------------------

// A vulnerability of a definition, with what is said of it alone.
struct flaw {
    struct slice id, cvss, links, notices;
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

// Adds a word to a list, unless it is there.
static void add_word(struct buf *list, struct slice word)
{
    struct slice rest = buf_slice(list), one;
    if (word.n == 0 || slice_find(word, ' ') >= 0)
        return;
    while (rest.n != 0) {
        slice_cut(rest, ' ', &one, &rest);
        if (slice_eq(one, word))
            return;
    }
    if (list->n != 0)
        buf_addc(list, ' ');
    buf_add(list, word);
}

static bool is_of_cve(const struct oval_reference *r)
{
    return slice_eq(r->source, SLICE("CVE")) || slice_eq(r->source, SLICE("SUSE CVE"));
}

static struct flaw *flaw_named(struct arena *a, flaw_vec *flaws, struct slice id)
{
    for (size_t i = 0; i < flaws->n; i++)
        if (slice_eq(flaws->v[i].id, id))
            return &flaws->v[i];
    struct flaw *flaw = &VEC_PUSH(a, flaws);
    flaw->id = id;
    return flaw;
}

// The notices that a definition is or names: what its references are, other than CVEs.
static struct slice notices_of(struct arena *a, const struct oval_definition *d, const struct oval_dialect *dialect)
{
    struct buf list BUF_AUTO = {0};
    if (dialect->notice != NULL)
        return dialect->notice(a, d);
    for (size_t i = 0; i < d->references_n; i++)
        if (!is_of_cve(&d->references[i]))
            add_word(&list, d->references[i].id);
    return arena_dup(a, buf_slice(&list));
}

// "6561-1,6560-2" are USN-6561-1 and USN-6560-2.
static void add_usns(struct buf *list, struct arena *a, struct slice usns)
{
    struct slice one;
    while (usns.n != 0) {
        slice_cut(usns, ',', &one, &usns);
        if (one.n != 0)
            add_word(list, arena_printf(a, "USN-%.*s", SLICE_ARG(one)));
    }
}

// Links of one flaw first, then those of the notices.
static void describe(struct arena *a, const struct oval_definition *d, struct slice notices, struct flaw *flaw)
{
    struct buf links BUF_AUTO = {0}, list BUF_AUTO = {0}, cvss BUF_AUTO = {0};
    buf_add(&list, notices);
    for (size_t i = 0; i < d->cves_n; i++) {
        if (!slice_eq(cve_in(d->cves[i].id), flaw->id))
            continue;
        struct slice vector, vectors = d->cves[i].cvss;
        add_word(&links, d->cves[i].url);
        add_usns(&list, a, d->cves[i].usns);
        while (vectors.n != 0) {
            slice_cut(vectors, ' ', &vector, &vectors);
            add_word(&cvss, vector);
        }
    }
    for (size_t i = 0; i < d->references_n; i++)
        if (is_of_cve(&d->references[i]) && slice_eq(cve_in(d->references[i].id), flaw->id))
            add_word(&links, d->references[i].url);
    for (size_t i = 0; i < d->references_n; i++)
        if (!is_of_cve(&d->references[i]))
            add_word(&links, d->references[i].url);
    flaw->links = arena_dup(a, buf_slice(&links));
    flaw->cvss = arena_dup(a, buf_slice(&cvss));
    flaw->notices = arena_dup(a, buf_slice(&list));
}

// The CVEs of a definition, in its order; one that names none stands for itself, by its notice.
static void list_flaws(struct arena *a, const struct oval_definition *d, const struct oval_dialect *dialect,
                       flaw_vec *flaws)
{
    struct slice notices = notices_of(a, d, dialect), first, rest;
    for (size_t i = 0; i < d->references_n; i++) {
        struct slice id = is_of_cve(&d->references[i]) ? cve_in(d->references[i].id) : (struct slice){0};
        if (id.n != 0)
            flaw_named(a, flaws, id);
    }
    for (size_t i = 0; i < d->cves_n; i++) {
        struct slice id = cve_in(d->cves[i].id);
        if (id.n != 0)
            flaw_named(a, flaws, id);
    }
    if (flaws->n == 0) {
        slice_cut(notices, ' ', &first, &rest);
        flaw_named(a, flaws, first);
    }
    for (size_t i = 0; i < flaws->n; i++)
        describe(a, d, notices, &flaws->v[i]);
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
    list_flaws(a, d, dialect, &t.flaws);
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
