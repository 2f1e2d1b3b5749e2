// The report for a person at a terminal: what was looked at, the findings, worst first, and what to do about them; at
// the end, in plain words, whatever could not be judged.
#include "output/table.h"

#include "base/utf8.h"

// ---- text in columns ------------------------------------------------------------------------------------------------

// Names of a thousand characters must not push everything else aside: a column is at most WIDEST wide. A longer text
// makes its own row longer, or is cut when the terminal's width is known. An id is never cut.
enum { COL_SEVERITY, COL_CVSS, COL_EPSS, COL_KEV, COL_PACKAGE, COL_INSTALLED, COL_FIXED, COL_ID, COL_LINK, COLUMNS_N };
static const char *const headings[COLUMNS_N] = {
    [COL_SEVERITY] = "SEVERITY", [COL_CVSS] = "CVSS",        [COL_EPSS] = "EPSS",
    [COL_KEV] = "KEV",           [COL_PACKAGE] = "PACKAGE",  [COL_INSTALLED] = "INSTALLED",
    [COL_FIXED] = "FIXED IN",    [COL_ID] = "VULNERABILITY", [COL_LINK] = "LINK",
};
#define WIDEST    48
#define NARROWEST 9
#define GAP       2

struct grid {
    size_t widths[COLUMNS_N];
    bool left_out[COLUMNS_N]; // of the three scores: no finding has one, or the terminal has no room for it
    size_t columns;           // of the terminal; 0: no limit
    bool links_below;         // the terminal has no room for them beside the rest
    bool color;
};

struct row {
    struct slice cells[COLUMNS_N]; // made harmless
    enum severity severity;
};

// The longest start of `text` that takes at most `columns`; never a part of a character.
static struct slice fitting(struct slice text, size_t columns)
{
    size_t end = 0, taken = 0;
    while (end < text.n) {
        size_t next = end + 1;
        while (next < text.n && ((unsigned char)text.p[next] & 0xc0) == 0x80)
            next++;
        taken += utf8_columns(slice_of(text.p + end, next - end));
        if (taken > columns)
            break;
        end = next;
    }
    return slice_of(text.p, end);
}

static void add_cut(struct buf *out, struct slice text, size_t columns)
{
    if (utf8_columns(text) <= columns) {
        buf_add(out, text);
        return;
    }
    buf_add(out, fitting(text, columns - 1));
    buf_adds(out, "…");
}

static void add_blanks(struct buf *out, size_t n)
{
    while (n-- > 0)
        buf_addc(out, ' ');
}

static const char *severity_color(enum severity severity)
{
    static const char *const colors[] = {
        [SEVERITY_UNKNOWN] = "\x1b[2m", [SEVERITY_NEGLIGIBLE] = "\x1b[2m", [SEVERITY_LOW] = "\x1b[36m",
        [SEVERITY_MEDIUM] = "\x1b[33m", [SEVERITY_HIGH] = "\x1b[31m",      [SEVERITY_CRITICAL] = "\x1b[1;31m",
    };
    return colors[severity];
}

static void add_row(struct buf *out, const struct grid *grid, const struct row *row, bool is_heading)
{
    for (int i = 0; i < COLUMNS_N; i++) {
        if (i == COL_LINK && grid->links_below)
            break;
        if (grid->left_out[i])
            continue;
        size_t width = grid->widths[i], start = out->n;
        bool colored = i == COL_SEVERITY && grid->color && !is_heading;
        if (grid->columns == 0 || i == COL_ID)
            buf_add(out, row->cells[i]);
        else
            add_cut(out, row->cells[i], width);
        size_t taken = utf8_columns(slice_of(out->p + start, out->n - start));
        if (colored) {
            out->n = start;
            buf_addf(out, "%s%s\x1b[0m", severity_color(row->severity), severity_name(row->severity));
        }
        bool last = i == COL_LINK || (i == COL_ID && grid->links_below);
        if (!last)
            add_blanks(out, (taken < width ? width - taken : 0) + GAP);
    }
    buf_addc(out, '\n');
}

// ---- findings -------------------------------------------------------------------------------------------------------

static struct slice marked_name(struct arena *a, struct slice name, const struct report_finding *f)
{
    struct buf text BUF_AUTO = {0};
    buf_add(&text, utf8_plain(a, name));
    buf_adds(&text, table_code_mark(f));
    return arena_dup(a, buf_slice(&text));
}

static struct slice tenths(struct arena *a, int score)
{
    return arena_printf(a, "%d.%d", score / 10, score % 10);
}

// Of millionths: "0.04%", "94.3%".
static struct slice percent(struct arena *a, uint32_t share)
{
    double value = share / 1e4;
    return arena_printf(a, value < 10 ? "%.2f%%" : "%.1f%%", value);
}

static struct row row_of(struct arena *a, const struct report *report, const struct report_finding *f)
{
    const struct package *p = &report->image->inventory.packages[f->package].package;
    struct slice link, others;
    const struct report_epss *epss = finding_epss(f);
    slice_cut(f->links, ' ', &link, &others);
    return (struct row){
        .cells =
            {
                [COL_SEVERITY] = slice_str(severity_name(f->severity)),
                [COL_CVSS] = f->rating != NULL ? tenths(a, f->rating->score) : SLICE("-"),
                [COL_EPSS] = epss != NULL ? percent(a, epss->probability) : SLICE("-"),
                [COL_KEV] = finding_exploited(f) != NULL ? SLICE("yes") : SLICE("-"),
                [COL_PACKAGE] = marked_name(a, p->name, f),
                [COL_INSTALLED] = utf8_plain(a, p->version),
                [COL_FIXED] = f->fixed_in.n != 0 ? utf8_plain(a, f->fixed_in) : SLICE("-"),
                [COL_ID] = utf8_plain(a, f->vulnerability),
                [COL_LINK] = utf8_plain(a, link),
            },
        .severity = f->severity,
    };
}

// Scores of which the shown findings have none take no room.
static void note_scores(struct grid *grid, const struct report_finding *f)
{
    grid->left_out[COL_CVSS] = grid->left_out[COL_CVSS] && f->rating == NULL;
    grid->left_out[COL_EPSS] = grid->left_out[COL_EPSS] && finding_epss(f) == NULL;
    grid->left_out[COL_KEV] = grid->left_out[COL_KEV] && finding_exploited(f) == NULL;
}

static void widen(struct grid *grid, const struct row *row)
{
    for (int i = 0; i < COLUMNS_N; i++) {
        size_t width = utf8_columns(row->cells[i]), most = i == COL_LINK ? SIZE_MAX : WIDEST;
        if (width > most)
            width = most;
        if (width > grid->widths[i])
            grid->widths[i] = width;
    }
}

static size_t width_up_to(const struct grid *grid, int last)
{
    size_t width = 0;
    for (int i = 0; i <= last; i++)
        if (!grid->left_out[i])
            width += grid->widths[i] + (i < last ? GAP : 0);
    return width;
}

static void cut_names(struct grid *grid)
{
    while (width_up_to(grid, COL_ID) > grid->columns) {
        int widest = COL_PACKAGE;
        for (int i = COL_INSTALLED; i <= COL_FIXED; i++)
            if (grid->widths[i] > grid->widths[widest])
                widest = i;
        if (grid->widths[widest] <= NARROWEST)
            break;
        grid->widths[widest]--;
    }
}

// Links go below when they do not fit; then the widest of names and versions are cut, as far as that makes sense; then
// scores are left out.
static void fit(struct grid *grid)
{
    static const int scores[] = {COL_EPSS, COL_KEV, COL_CVSS};
    grid->links_below = grid->columns != 0 && width_up_to(grid, COL_LINK) > grid->columns;
    if (grid->links_below)
        cut_names(grid);
    for (size_t i = 0; i < 3 && grid->links_below && width_up_to(grid, COL_ID) > grid->columns; i++)
        grid->left_out[scores[i]] = true;
}
static struct row heading_row(void)
{
    struct row row = {0};
    for (int i = 0; i < COLUMNS_N; i++)
        row.cells[i] = slice_str(headings[i]);
    return row;
}

static struct grid measure(const struct report *report, const struct output_options *options)
{
    struct grid grid = {.columns = options->columns > 0 ? (size_t)options->columns : 0, .color = options->color};
    struct row heading = heading_row();
    grid.left_out[COL_CVSS] = grid.left_out[COL_EPSS] = grid.left_out[COL_KEV] = true;
    widen(&grid, &heading);
    for (size_t i = 0; i < report->findings_n; i++) {
        struct arena scratch ARENA_AUTO = {0};
        if (output_leaves_out(options, &report->findings[i]))
            continue;
        struct row row = row_of(&scratch, report, &report->findings[i]);
        widen(&grid, &row);
        note_scores(&grid, &report->findings[i]);
    }
    fit(&grid);
    return grid;
}

static void add_link_below(struct buf *out, const struct grid *grid, struct slice link)
{
    size_t indent = grid->widths[COL_SEVERITY] + GAP;
    add_blanks(out, indent);
    add_cut(out, link, grid->columns > indent + NARROWEST ? grid->columns - indent : NARROWEST);
    buf_addc(out, '\n');
}

static void add_findings(struct buf *out, const struct report *report, const struct output_options *options)
{
    struct grid grid = measure(report, options);
    struct row heading = heading_row();
    struct arena kept ARENA_AUTO = {0};
    struct slice link = {0}, id = {0}; // of the row before
    add_row(out, &grid, &heading, true);
    for (size_t i = 0; i < report->findings_n; i++) {
        const struct report_finding *f = &report->findings[i];
        struct arena scratch ARENA_AUTO = {0};
        if (output_leaves_out(options, f))
            continue;
        struct row row = row_of(&scratch, report, f);
        if (grid.links_below && link.n != 0 && !slice_eq(id, f->vulnerability))
            add_link_below(out, &grid, link);
        add_row(out, &grid, &row, false);
        id = f->vulnerability;
        arena_free(&kept);
        link = arena_dup(&kept, row.cells[COL_LINK]);
    }
    if (grid.links_below && link.n != 0)
        add_link_below(out, &grid, link);
    buf_addc(out, '\n');
}

// ---- the whole ------------------------------------------------------------------------------------------------------

// "Debian GNU/Linux 7 (wheezy)", or what else the image calls itself.
static void add_distribution(struct buf *out, const struct distribution *d)
{
    struct arena scratch ARENA_AUTO = {0};
    if (!d->known)
        buf_adds(out, "unknown distribution");
    else if (d->pretty_name.n != 0)
        buf_add(out, utf8_plain(&scratch, d->pretty_name));
    else
        buf_addf(out, "%.*s %.*s", SLICE_ARG(utf8_plain(&scratch, d->id)),
                 SLICE_ARG(utf8_plain(&scratch, d->version_id)));
}

static void add_header(struct buf *out, const struct report *report)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct stored_image *image = report->image;
    size_t packages = report->judged + report->unjudged;
    buf_add(out, utf8_plain(&scratch, image->reference));
    buf_addf(out, "%s%s\n", image->reference.n != 0 ? "  " : "", image->manifest.text);
    add_distribution(out, &image->inventory.distribution);
    buf_addf(out, ", %zu package%s in %zu layer%s\n\n", packages, packages == 1 ? "" : "s", image->layers_n,
             image->layers_n == 1 ? "" : "s");
}

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    struct table_counts counts = table_count(report, options);
    add_header(out, report);
    if (counts.shown != 0)
        add_findings(out, report, options);
    table_add_summary(out, report, &counts, options);
}

extern const struct output output_table;
const struct output output_table = {
    .name = "table",
    .title = "for people",
    .in_a_row = true,
    .report = write_report,
};
