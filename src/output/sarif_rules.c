// SARIF's rules: what is said of a vulnerability, whatever packages have it.
#include "output/links.h"
#include "output/sarif.h"
#include "output/words.h"

// GitHub's bands.
static enum severity severity_of_score(int tenths)
{
    return tenths >= 90   ? SEVERITY_CRITICAL
           : tenths >= 70 ? SEVERITY_HIGH
           : tenths >= 40 ? SEVERITY_MEDIUM
           : tenths > 0   ? SEVERITY_LOW
                          : SEVERITY_NEGLIGIBLE;
}

// GitHub makes a severity of a number, and must come to the one that the report has: the score where that agrees, else
// one within. Of an unknown severity nothing is said.
static void add_security_severity(struct sarif *s, yyjson_mut_val *properties, const struct sarif_rule *rule)
{
    static const char *const within[] = {[SEVERITY_NEGLIGIBLE] = "0.1",
                                         [SEVERITY_LOW] = "3.9",
                                         [SEVERITY_MEDIUM] = "6.9",
                                         [SEVERITY_HIGH] = "8.9",
                                         [SEVERITY_CRITICAL] = "9.5"};
    const struct report_rating *rating = rule->finding->rating;
    if (rating != NULL && severity_of_score(rating->score) == rule->severity && rating->score > 0)
        json_add_str(s->doc, properties, "security-severity",
                     arena_printf(s->a, "%d.%d", rating->score / 10, rating->score % 10));
    else if (rule->severity != SEVERITY_UNKNOWN)
        json_add_str(s->doc, properties, "security-severity", slice_str(within[rule->severity]));
}

// One that GitHub can show as it is; the help has all of them, as text.
static struct slice first_link(const struct report_finding *f)
{
    struct slice link, rest = f->links;
    while (words_next(&rest, &link))
        if (is_plain_link(link))
            return link;
    return (struct slice){0};
}

static void add_help_line(struct buf *out, const char *what, struct slice text)
{
    if (text.n == 0)
        return;
    buf_addf(out, "\n\n**%s:** ", what);
    words_add_markdown(out, text);
}

static void add_help(struct sarif *s, yyjson_mut_val *object, const struct sarif_rule *rule, struct slice description)
{
    const struct report_finding *f = rule->finding;
    const struct report_epss *epss = finding_epss(f);
    struct buf out BUF_AUTO = {0};
    struct slice link, rest = f->links;
    words_add_markdown(&out, description);
    add_help_line(&out, "Severity", slice_str(severity_name(rule->severity)));
    if (f->rating != NULL)
        add_help_line(&out, "CVSS",
                      arena_printf(s->a, "%d.%d, %.*s (%.*s)", f->rating->score / 10, f->rating->score % 10,
                                   SLICE_ARG(f->rating->vector), SLICE_ARG(f->rating->source)));
    if (epss != NULL)
        add_help_line(&out, "EPSS", arena_printf(s->a, "%.2f%%", epss->probability / 1e4));
    if (finding_exploited(f) != NULL)
        add_help_line(&out, "Known to be exploited (CISA) since", finding_exploited(f)->added);
    add_help_line(&out, "Also called", f->aliases);
    add_help_line(&out, "Advisories", f->statements[0].record.advisories);
    for (const char *head = "\n\n**Links:**\n\n"; words_next(&rest, &link);) {
        buf_addf(&out, "%s- ", head);
        words_add_markdown(&out, link);
        head = "\n";
    }
    yyjson_mut_val *help = json_add_obj(s->doc, object, "help");
    json_add_str(s->doc, help, "text", description);
    json_add_str(s->doc, help, "markdown", buf_slice(&out));
}

void sarif_add_rule(struct sarif *s, yyjson_mut_val *list, const struct sarif_rule *rule)
{
    const struct report_finding *f = rule->finding;
    const struct package *p = &words_package(s->report, f)->package;
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(s->doc, list);
    struct slice short_text =
        arena_printf(s->a, "%.*s (%s)", SLICE_ARG(f->vulnerability), severity_name(rule->severity));
    struct slice description = f->statements[0].record.description;
    if (description.n == 0)
        description = arena_printf(s->a, "%.*s, as the feed %s has it, without a description.",
                                   SLICE_ARG(f->vulnerability), f->statements[0].feed);
    json_add_str(s->doc, object, "id", f->vulnerability);
    json_add_str(s->doc, object, "name", SLICE("KnownVulnerability"));
    sarif_add_message(s, object, "shortDescription", short_text);
    sarif_add_message(s, object, "fullDescription", description);
    json_add_str_if(s->doc, object, "helpUri", first_link(f));
    add_help(s, object, rule, description);
    json_add_str(s->doc, json_add_obj(s->doc, object, "defaultConfiguration"), "level",
                 slice_str(sarif_level(rule->severity)));
    yyjson_mut_val *properties = json_add_obj(s->doc, object, "properties");
    json_add_str(s->doc, properties, "precision", SLICE("very-high"));
    add_security_severity(s, properties, rule);
    yyjson_mut_val *tags = json_add_arr(s->doc, properties, "tags"); // at most ten are shown
    json_arr_add_str(s->doc, tags, SLICE("security"));
    json_arr_add_str(s->doc, tags, SLICE("vulnerability"));
    json_arr_add_str(s->doc, tags, p->kind);
    if (finding_exploited(f) != NULL)
        json_arr_add_str(s->doc, tags, SLICE("known-exploited"));
}
