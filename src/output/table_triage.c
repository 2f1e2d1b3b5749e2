// The lines of the table on what is suppressed, and on packages that do not carry the code.
#include "base/clock.h"
#include "base/utf8.h"
#include "output/table.h"

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

// ---- packages without the code --------------------------------------------------------------------------------------

const char *table_code_mark(const struct report_finding *f)
{
    if (f->code.what == NULL)
        return "";
    return f->code.missing ? " *" : " +";
}

void table_add_code(struct buf *out, const struct table_counts *counts)
{
    if (counts->codeless != 0)
        buf_addf(out,
                 "* %zu finding%s in packages that do not carry the code, but headers, documentation or the like "
                 "(--only-code leaves them out).\n",
                 counts->codeless, plural(counts->codeless));
    if (counts->development != 0)
        buf_addf(out, "+ %zu finding%s in development files, which may hold a static library.\n", counts->development,
                 plural(counts->development));
    if (counts->codeless_hidden != 0)
        buf_addf(out, "%zu finding%s in packages that do not carry the code %s left out (--only-code).\n",
                 counts->codeless_hidden, plural(counts->codeless_hidden), counts->codeless_hidden == 1 ? "is" : "are");
}

// ---- what is suppressed ---------------------------------------------------------------------------------------------

static void add_words(struct buf *out, const char *before, struct slice words)
{
    struct arena scratch ARENA_AUTO = {0};
    if (words.n == 0)
        return;
    buf_adds(out, before);
    buf_add(out, utf8_plain(&scratch, words));
}

// "not_affected (vulnerable_code_not_present): The parser is not built in. Statement 2 of urn:x (vex.json) of
// 2026-11-24, by security@example.test"
static void add_statement(struct buf *out, const struct vex_statement *s)
{
    char when[CLOCK_TEXT];
    clock_format(s->timestamp, when);
    buf_adds(out, vex_status_name(s->status));
    if (s->justification.n != 0) {
        add_words(out, " (", s->justification);
        buf_addc(out, ')');
    }
    add_words(out, ": ", s->impact);
    add_words(out, "; ", s->action);
    buf_addf(out, "\n      statement %zu", s->number);
    add_words(out, " of ", s->document->id);
    add_words(out, ", ", s->document->file);
    if (s->timestamp != 0)
        buf_addf(out, ", of %.10s", when);
    add_words(out, ", by ", s->document->author);
}

static void add_rule(struct buf *out, const struct ignore_rule *rule)
{
    add_words(out, "ignored: ", rule->reason);
    add_words(out, "\n      rule of ", rule->file);
    buf_addf(out, " line %u", rule->line);
    add_words(out, ", until ", rule->until);
    add_words(out, ", by ", rule->who);
}

static void add_one(struct buf *out, const struct report *report, const struct report_finding *f)
{
    const struct package *p = &report->image->inventory.packages[f->package].package;
    buf_addf(out, "  %s", severity_name(f->severity));
    add_words(out, " ", f->vulnerability);
    add_words(out, " in ", p->name);
    add_words(out, " ", p->version);
    buf_adds(out, "\n    ");
    if (strcmp(report_suppressed_by(f), "vex") == 0)
        add_statement(out, f->decision.statement);
    else
        add_rule(out, f->decision.rule);
    buf_addc(out, '\n');
}

void table_add_suppressed(struct buf *out, const struct report *report, bool list)
{
    size_t by_vex = 0;
    for (size_t i = 0; i < report->suppressed_n; i++)
        by_vex += strcmp(report_suppressed_by(&report->suppressed[i]), "vex") == 0;
    if (report->suppressed_n != 0)
        buf_addf(out, "%zu suppressed (%zu by VEX, %zu ignored)%s\n", report->suppressed_n, by_vex,
                 report->suppressed_n - by_vex, list ? ":" : "; --show-suppressed lists them.");
    for (size_t i = 0; list && i < report->suppressed_n; i++)
        add_one(out, report, &report->suppressed[i]);
}
