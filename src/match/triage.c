// VEX statements and ignore rules on the findings of a report.
//
// Of the statements about a vulnerability, by any of its names, that cover the package, the latest counts: one that
// says "affected" takes back what an earlier one said.
#include "match/judging.h"

#define APPEND(a, out, list)                                                                                           \
    (*(((out)->list##_n == (out)->list##_cap)                                                                          \
           ? ((out)->list = arena_grow((a), (out)->list, sizeof *(out)->list, (out)->list##_n, &(out)->list##_cap),    \
              &(out)->list[(out)->list##_n++])                                                                         \
           : &(out)->list[(out)->list##_n++]))

// What became of a statement, over all findings.
struct trial {
    const struct vex_statement *statement; // NULL: nobody asked for it
    bool applied;
    struct slice why;                  // it can apply to nothing
    const struct vex_product *nearest; // of those that do not cover a package,
    size_t package;                    // this one
    enum vex_agreement agreement;
};

struct triaging {
    struct report *report;
    struct triage *triage;
    struct vex_image image;
    struct trial *trials; // by the statement's index; NULL: nobody asks
    struct arena *a;
};

static struct vex_image image_of(const struct report *report, struct arena *a)
{
    const struct stored_image *image = report->image;
    const struct match_image known = match_image_of(report, a);
    return (struct vex_image){.reference = image->reference,
                              .manifest = digest_slice(&image->manifest),
                              .config = digest_slice(&image->config),
                              .arch = image->arch,
                              .inventory = &image->inventory,
                              .cpes = known.cpes,
                              .cpes_n = known.cpes_n};
}

// ---- statements -----------------------------------------------------------------------------------------------------

#define PRODUCTS_AT_ONCE 256 // compared before their memory is given back

// The product of the statement that covers the package; NULL when none does, and `*nearest` is the one that agrees
// with it furthest.
static const struct vex_product *covering(const struct vex_statement *s, const struct vex_image *image,
                                          const struct package *p, const struct vex_product **nearest,
                                          enum vex_agreement *agreement)
{
    *nearest = NULL;
    *agreement = VEX_UNKNOWN;
    for (size_t first = 0; first < s->products_n; first += PRODUCTS_AT_ONCE) {
        struct arena scratch ARENA_AUTO = {0};
        for (size_t i = first; i < s->products_n && i - first < PRODUCTS_AT_ONCE; i++) {
            enum vex_agreement found = vex_covers(&s->products[i], image, p, &scratch, NULL);
            if (found == VEX_AGREES)
                return &s->products[i];
            if (*nearest != NULL && found <= *agreement)
                continue;
            *nearest = &s->products[i];
            *agreement = found;
        }
    }
    return NULL;
}

// In words, why a product does not cover the package.
static struct slice why_not(const struct vex_product *product, const struct vex_image *image, const struct package *p,
                            struct arena *a)
{
    struct slice why, title = vex_product_title(a, product);
    vex_covers(product, image, p, a, &why);
    return arena_printf(a, "of %.*s, %.*s", SLICE_ARG(title), SLICE_ARG(why));
}

static struct slice why_not_at_all(struct arena *a, const struct vex_statement *s)
{
    if (s->defect.n != 0)
        return s->defect;
    if (s->document->superseded)
        return arena_printf(a, "a later version of the document %.*s is there", SLICE_ARG(s->document->id));
    return (struct slice){0};
}

// Holds a finding against a statement about its vulnerability.
static void try_statement(struct triaging *t, const struct vex_entry *entry, struct report_finding *f)
{
    const struct vex_statement *s = entry->statement;
    const struct package *p = &t->report->image->inventory.packages[f->package].package;
    struct trial unasked = {0}, *trial = t->trials != NULL ? &t->trials[entry->index] : &unasked;
    const struct vex_product *nearest;
    enum vex_agreement agreement;
    trial->statement = s;
    trial->why = why_not_at_all(t->a, s);
    const struct vex_product *product = trial->why.n == 0 ? covering(s, &t->image, p, &nearest, &agreement) : NULL;
    if (product != NULL) {
        trial->applied = true;
        if (vex_later(s, f->decision.statement)) {
            f->decision.statement = s;
            f->decision.product = product;
        }
    } else if (trial->why.n == 0 && (trial->nearest == NULL || agreement > trial->agreement)) {
        trial->nearest = nearest;
        trial->agreement = agreement;
        trial->package = f->package;
    }
}

static void try_statements(struct triaging *t, struct slice id, struct report_finding *f)
{
    size_t n;
    const struct vex_entry *entries = vex_set_find(&t->triage->vex, id, &n);
    for (size_t i = 0; i < n; i++)
        try_statement(t, &entries[i], f);
}

// ---- rules ----------------------------------------------------------------------------------------------------------

bool report_has_id(const struct report_finding *f, struct slice id)
{
    return has_id(f->vulnerability, f->aliases, id);
}

struct slice report_ids(struct arena *a, const struct report_finding *f)
{
    return all_ids(a, f->vulnerability, f->aliases);
}

static void try_rules(struct triaging *t, struct report_finding *f)
{
    const struct inventory_package *p = &t->report->image->inventory.packages[f->package];
    for (size_t i = 0; i < t->triage->rules.n; i++) {
        struct arena scratch ARENA_AUTO = {0};
        struct ignore_rule *rule = &t->triage->rules.v[i];
        if (!report_has_id(f, rule->id) || !ignore_fits(rule, &t->image, p, &scratch))
            continue;
        rule->used++;
        if (!rule->expired && f->decision.rule == NULL)
            f->decision.rule = rule;
    }
}

// ---- the whole ------------------------------------------------------------------------------------------------------

const char *report_suppressed_by(const struct report_finding *f)
{
    const struct vex_statement *s = f->decision.statement;
    if (s != NULL && (s->status == VEX_NOT_AFFECTED || s->status == VEX_FIXED))
        return "vex";
    return f->decision.rule != NULL ? "ignore" : NULL;
}

static void decide(struct triaging *t, struct report_finding *f)
{
    struct slice id, rest = report_ids(t->a, f);
    while (rest.n != 0) {
        slice_cut(rest, ' ', &id, &rest);
        try_statements(t, id, f);
    }
    try_rules(t, f);
}

// Takes what is suppressed out of a list. Answers how many are left.
static size_t triage_list(struct triaging *t, struct report_finding *findings, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct report_finding *f = &findings[i];
        decide(t, f);
        if (report_suppressed_by(f) != NULL)
            APPEND(t->a, t->report, suppressed) = *f;
        else
            findings[kept++] = *f;
    }
    return kept;
}

void report_triage(struct report *report, struct triage *triage, struct arena *a)
{
    struct triaging t = {report, triage, image_of(report, a), NULL, a};
    t.trials = ARENA_NEW(a, struct trial, triage->vex.statements_n);
    report->findings_n = triage_list(&t, report->findings, report->findings_n);
    report->undetermined_n = triage_list(&t, report->undetermined, report->undetermined_n);
    for (size_t i = 0; i < triage->vex.statements_n; i++) {
        const struct trial *trial = &t.trials[i];
        if (trial->statement == NULL || trial->applied)
            continue;
        const struct package *p = &report->image->inventory.packages[trial->package].package;
        struct slice why = trial->why.n != 0 ? trial->why : why_not(trial->nearest, &t.image, p, a);
        APPEND(a, report, unapplied) = (struct report_unapplied){trial->statement, why};
    }
}

// ---- one finding in many images -------------------------------------------------------------------------------------

enum triage_scope triage_scope(const struct triage *triage, const struct report_finding *f)
{
    struct arena scratch ARENA_AUTO = {0};
    struct slice id, rest = report_ids(&scratch, f);
    enum triage_scope scope = TRIAGE_SILENT;
    while (rest.n != 0) {
        size_t n;
        slice_cut(rest, ' ', &id, &rest);
        const struct vex_entry *entries = vex_set_find(&triage->vex, id, &n);
        for (size_t i = 0; i < n; i++) {
            const struct vex_statement *s = entries[i].statement;
            if (scope == TRIAGE_SILENT)
                scope = TRIAGE_BY_IMAGE;
            for (size_t p = 0; p < s->products_n; p++)
                if (s->products[p].part != NULL)
                    return TRIAGE_BY_PACKAGES;
        }
    }
    return scope;
}

bool triage_suppresses(struct triage *triage, const struct report *report, const struct report_finding *finding,
                       const struct stored_image *image, struct report_decision *decision)
{
    struct arena scratch ARENA_AUTO = {0};
    struct report r = *report;
    struct report_finding f = *finding;
    struct triaging t = {.report = &r, .triage = triage, .image = image_of(report, &scratch), .a = &scratch};
    t.image.reference = image->reference;
    t.image.manifest = digest_slice(&image->manifest);
    t.image.config = digest_slice(&image->config);
    t.image.arch = image->arch;
    if (image->inventory.packages_n != 0)
        t.image.inventory = &image->inventory;
    decide(&t, &f);
    *decision = f.decision;
    return report_suppressed_by(&f) != NULL;
}

struct slice report_why_not(const struct report *report, const struct vex_statement *s, size_t package, struct arena *a)
{
    const struct package *p = &report->image->inventory.packages[package].package;
    struct vex_image image = image_of(report, a);
    struct slice why = why_not_at_all(a, s);
    const struct vex_product *nearest;
    enum vex_agreement agreement;
    if (why.n != 0 || covering(s, &image, p, &nearest, &agreement) != NULL)
        return why;
    return why_not(nearest, &image, p, a);
}
