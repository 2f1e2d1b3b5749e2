#include "cli/explain_words.h"

#include "base/utf8.h"

static const char *const verdicts[] = {"affected", "not affected", "undetermined"};

#define LABEL 10 // columns of what stands in front

// A line, unless there is nothing to say: "  why:      …".
static void add_line(struct buf *out, const char *label, struct slice text)
{
    struct arena scratch ARENA_AUTO = {0};
    if (text.n == 0)
        return;
    buf_addf(out, "  %-*s ", LABEL, label);
    buf_add(out, utf8_plain(&scratch, text));
    buf_addc(out, '\n');
}

// ---- the record -----------------------------------------------------------------------------------------------------

static void add_severity(struct arena *a, const struct matcher *m, const struct advisory *r, struct buf *out)
{
    struct slice published =
        r->severity.n != 0 ? arena_printf(a, ", where it stands as \"%.*s\"", SLICE_ARG(r->severity)) : r->severity;
    add_line(out, "severity:",
             arena_printf(a, "%s, by %s%.*s", severity_name(m->severity(r)), m->authority, SLICE_ARG(published)));
}

// Of the record that decided, or, when none did, the first.
static void add_record_texts(struct arena *a, const struct explanation *e, struct buf *out)
{
    const struct advisory *r = e->verdict.decided_by != NULL ? e->verdict.decided_by : e->records;
    if (e->records_n == 0)
        return;
    add_line(out, "id:", r->vulnerability);
    add_line(out, "aliases:", r->aliases);
    add_line(out, "advisories:", r->advisories);
    add_line(out, "state:", r->state);
    add_severity(a, e->matcher, r, out);
    add_line(out, "cvss:", r->cvss);
    add_line(out, "links:", e->matcher->links != NULL ? e->matcher->links(a, r) : r->links);
}

static void add_records(struct arena *a, const struct explanation *e, struct buf *out)
{
    for (size_t i = 0; i < e->records_n; i++) {
        const struct advisory *r = &e->records[i];
        struct buf text BUF_AUTO = {0};
        buf_addf(&text, "%.*s %.*s: ", SLICE_ARG(r->scope), SLICE_ARG(r->package));
        session_add_statement(a, r, &text);
        add_line(out, "record:", buf_slice(&text));
    }
}

// ---- what others say ------------------------------------------------------------------------------------------------

static const struct report_finding *find(const struct report_finding *findings, size_t n, size_t package,
                                         struct slice id)
{
    for (size_t i = 0; i < n; i++)
        if (findings[i].package == package && report_has_id(&findings[i], id))
            return &findings[i];
    return NULL;
}

static void add_suppression(struct arena *a, const struct report_finding *f, struct buf *out)
{
    const struct vex_statement *s = f->decision.statement;
    const struct ignore_rule *rule = f->decision.rule;
    if (strcmp(report_suppressed_by(f), "vex") == 0) {
        struct slice product = vex_product_title(a, f->decision.product);
        add_line(out, "suppressed:",
                 arena_printf(a, "%s, says statement %zu of %.*s (%.*s) on %.*s", vex_status_name(s->status), s->number,
                              SLICE_ARG(s->document->id), SLICE_ARG(s->document->file), SLICE_ARG(product)));
        add_line(out, "because:", s->justification);
        add_line(out, "because:", s->impact);
        return;
    }
    add_line(out, "suppressed:",
             arena_printf(a, "the rule in %.*s line %u ignores it%s%.*s%s%.*s", SLICE_ARG(rule->file), rule->line,
                          rule->until.n != 0 ? " until " : "", SLICE_ARG(rule->until), rule->who.n != 0 ? ", by " : "",
                          SLICE_ARG(rule->who)));
    add_line(out, "because:", rule->reason);
}

static void add_statement(struct arena *a, const struct report *report, const struct vex_statement *s, size_t package,
                          const struct report_finding *f, struct buf *out)
{
    struct slice why = report_why_not(report, s, package, a);
    const char *then = f->decision.statement == s ? "covers it, and counts" : "covers it, but a later statement counts";
    if (why.n != 0)
        why = arena_printf(a, "does not apply: %.*s", SLICE_ARG(why));
    add_line(out, "vex:",
             arena_printf(a, "%s, says statement %zu of %.*s (%.*s), which %.*s", vex_status_name(s->status), s->number,
                          SLICE_ARG(s->document->id), SLICE_ARG(s->document->file),
                          SLICE_ARG(why.n != 0 ? why : slice_str(then))));
}

// What VEX and rules make of a finding, and which statements about its flaw do not apply.
static void add_triage(struct session *s, struct arena *a, const struct report *report, struct slice id,
                       const struct explanation *e, struct buf *out)
{
    const struct report_finding *f = find(report->suppressed, report->suppressed_n, e->package, id);
    if (f != NULL)
        add_suppression(a, f, out);
    else if ((f = find(report->findings, report->findings_n, e->package, id)) == NULL)
        f = find(report->undetermined, report->undetermined_n, e->package, id);
    if (f == NULL)
        return;
    if (f->code.what != NULL)
        add_line(out, "carries:", arena_printf(a, "%s%s", f->code.what, f->code.missing ? ", and not the code" : ""));
    struct slice name, rest = report_ids(a, f);
    const struct vex_statement *before = NULL;
    while (rest.n != 0) {
        size_t n;
        slice_cut(rest, ' ', &name, &rest);
        const struct vex_entry *entries = vex_set_find(&s->triage.vex, name, &n);
        for (size_t i = 0; i < n; i++) {
            if (entries[i].statement != before)
                add_statement(a, report, entries[i].statement, e->package, f, out);
            before = entries[i].statement;
        }
    }
}

// ---- the whole ------------------------------------------------------------------------------------------------------

static void add_heading(const struct package *p, const struct explanation *e, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *verdict = e->matcher == NULL ? "not judged" : verdicts[e->verdict.kind];
    if (e->by_distribution.answered)
        verdict = "left to the distribution";
    buf_add(out, utf8_plain(&scratch, p->name));
    buf_addc(out, ' ');
    buf_add(out, utf8_plain(&scratch, p->version));
    buf_addf(out, ": %s\n", verdict);
}

void explain_write(struct session *s, const struct report *report, struct slice id, const struct explanation *e,
                   struct buf *out)
{
    const struct stored_image *image = report->image;
    const struct inventory_package *p = &image->inventory.packages[e->package];
    struct arena a ARENA_AUTO = {0};
    add_heading(&p->package, e, out);
    if (e->by_distribution.answered)
        add_line(out, "why:",
                 arena_printf(&a, "judged by the distribution, which brought it as %.*s: %.*s", SLICE_ARG(p->owner),
                              (int)e->by_distribution.why.n, e->by_distribution.why.p));
    add_line(out, e->by_distribution.answered ? "else:" : "why:", e->verdict.why);
    if (e->verdict.kind == VERDICT_AFFECTED && e->matcher != NULL)
        add_line(out, "fix:", e->verdict.fixed_in.n != 0 ? e->verdict.fixed_in : SLICE("none yet"));
    add_record_texts(&a, e, out);
    add_triage(s, &a, report, id, e, out);
    add_line(out, "source:",
             arena_printf(&a, "%.*s %.*s", SLICE_ARG(p->package.source_name), SLICE_ARG(p->package.source_version)));
    if (image->layers_n == 0)
        add_line(out, "listed:", SLICE("in the bill of materials"));
    else
        add_line(out, "listed:",
                 arena_printf(&a, "%.*s, brought by layer %s", SLICE_ARG(p->db),
                              p->layer < image->layers_n ? image->layers[p->layer].digest.text : "?"));
    add_records(&a, e, out);
}
