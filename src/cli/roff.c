#include "cli/roff.h"

#include "base/utf8.h"

void roff_text(struct buf *out, struct slice text)
{
    bool line_start = out->n == 0 || out->p[out->n - 1] == '\n';
    while (text.n != 0) {
        uint32_t c = utf8_take(&text);
        if (line_start && (c == '.' || c == '\''))
            buf_adds(out, "\\&"); // else a request
        line_start = c == '\n';
        if (c == '\\')
            buf_adds(out, "\\e");
        else if (c == '-')
            buf_adds(out, "\\-"); // a plain one is a hyphen, which cannot be pasted as an option
        else if (c == '\'' || c == '`' || c == '^' || c == '~')
            buf_adds(out, c == '\'' ? "\\(aq" : c == '`' ? "\\(ga" : c == '^' ? "\\(ha" : "\\(ti");
        else if (c < 0x80)
            buf_addc(out, (char)c);
        else
            buf_addf(out, "\\[u%04X]", (unsigned)c);
    }
}

void roff_bold(struct buf *out, struct slice text)
{
    buf_adds(out, "\\fB");
    roff_text(out, text);
    buf_adds(out, "\\fR");
}

void roff_page(struct buf *out, const char *name, char section, const char *summary)
{
    buf_adds(out, ".TH \"");
    for (const char *p = name; *p != '\0'; p++)
        buf_addc(out, *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
    buf_addf(out, "\" %c \"\" \"clarion " CLARION_VERSION "\" \"Clarion\"\n.ad l\n.nh\n", section);
    roff_section(out, "NAME");
    roff_text(out, slice_str(name));
    buf_adds(out, " \\- ");
    roff_text(out, slice_str(summary));
    buf_addc(out, '\n');
}

void roff_section(struct buf *out, const char *title)
{
    buf_addf(out, ".SH %s\n", title);
}

static void begin_entry(struct buf *out, struct slice term, struct slice value)
{
    buf_adds(out, ".TP\n");
    roff_bold(out, term);
    if (value.n != 0) {
        buf_adds(out, " \\fI");
        roff_text(out, value);
        buf_adds(out, "\\fR");
    }
    buf_addc(out, '\n');
}

void roff_entry(struct buf *out, struct slice term, struct slice value, const char *text)
{
    begin_entry(out, term, value);
    roff_text(out, slice_str(text));
    buf_addc(out, '\n');
}

static size_t indentation(struct slice line)
{
    size_t n = 0;
    while (n < line.n && line.p[n] == ' ')
        n++;
    return n;
}

void roff_details(struct buf *out, const char *details)
{
    struct slice rest = slice_str(details), line;
    bool in_list = false, apart = false; // apart: the next line of text begins a paragraph
    while (slice_next_line(&rest, &line)) {
        size_t indented = indentation(line);
        struct slice text = slice_from(line, indented);
        if (text.n == 0) {
            apart = true;
            continue;
        }
        if (indented == 2) {
            ptrdiff_t gap = slice_find_slice(text, SLICE("  "));
            begin_entry(out, gap < 0 ? text : slice_of(text.p, (size_t)gap), SLICE(""));
            text = gap < 0 ? SLICE("") : slice_trim(slice_from(text, (size_t)gap));
        } else if (indented == 0 && (in_list || apart)) {
            buf_adds(out, ".PP\n");
        }
        in_list = indented != 0;
        apart = false;
        if (text.n == 0)
            continue;
        roff_text(out, text);
        buf_addc(out, '\n');
    }
}

void roff_reference(struct buf *out, const char *name, char section, bool more)
{
    buf_adds(out, ".BR ");
    roff_text(out, slice_str(name));
    buf_addf(out, " (%c)%s\n", section, more ? "," : "");
}
