#include "cli/progress_text.h"

#include "base/utf8.h"

#include <stdio.h>

#define BAR_LEAST 8 // columns between its brackets
#define BAR_MOST  40
#define NAME_MOST 40

static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};

static size_t unit_of(uint64_t bytes)
{
    size_t unit = 0;
    for (double value = (double)bytes; value >= 999.5 && unit + 1 < sizeof units / sizeof units[0]; value /= 1000)
        unit++;
    return unit;
}

static const char *number_text(uint64_t bytes, size_t unit, char text[static 16])
{
    double value = (double)bytes;
    for (size_t i = 0; i < unit; i++)
        value /= 1000;
    snprintf(text, 16, unit == 0 || value >= 99.95 ? "%.0f" : "%.1f", value);
    return text;
}

static const char *time_text(double seconds, char text[static 16])
{
    unsigned s = seconds < 359999 ? (unsigned)(seconds + 0.5) : 359999; // 99:59:59
    if (s < 3600)
        snprintf(text, 16, "%u:%02u", s / 60, s % 60);
    else
        snprintf(text, 16, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
    return text;
}

// The pieces behind the bar, the most important first; empty ones have nothing to say.
struct pieces {
    char share[8], size[40], rate[24], left[32];
};

static struct pieces make_pieces(const struct progress_bar *bar)
{
    struct pieces p = {0};
    char done[16], total[16], text[16];
    size_t unit = unit_of(bar->total != 0 ? bar->total : bar->done), rate_unit = unit_of((uint64_t)bar->rate);
    number_text(bar->done, unit, done);
    if (bar->total != 0) {
        uint64_t reached = bar->done < bar->total ? bar->done : bar->total;
        snprintf(p.share, sizeof p.share, "  %3u%%", (unsigned)((double)reached * 100 / (double)bar->total));
        snprintf(p.size, sizeof p.size, "  %s/%s %s", done, number_text(bar->total, unit, total), units[unit]);
    } else {
        snprintf(p.size, sizeof p.size, "  %s %s", done, units[unit]);
    }
    if (bar->rate >= 1)
        snprintf(p.rate, sizeof p.rate, "  %s %s/s", number_text((uint64_t)bar->rate, rate_unit, text),
                 units[rate_unit]);
    if (bar->rate >= 1 && bar->total > bar->done)
        snprintf(p.left, sizeof p.left, "  %s left", time_text((double)(bar->total - bar->done) / bar->rate, text));
    else if (bar->total == 0)
        snprintf(p.left, sizeof p.left, "  %s", time_text(bar->seconds, text));
    return p;
}

// As much of a name as has room, and how many columns that takes.
static size_t add_name(struct slice name, size_t columns, struct buf *out)
{
    size_t used = 0;
    if (utf8_columns(name) <= columns) {
        buf_add(out, name);
        return utf8_columns(name);
    }
    while (name.n != 0 && columns > 2) {
        struct slice rest = name;
        utf8_take(&rest);
        struct slice character = slice_of(name.p, name.n - rest.n);
        if (used + utf8_columns(character) > columns - 2)
            break;
        used += utf8_columns(character);
        buf_add(out, character);
        name = rest;
    }
    buf_adds(out, columns >= 2 ? ".." : "");
    return columns >= 2 ? used + 2 : 0;
}

static void add_bar(const struct progress_bar *bar, size_t inner, struct buf *out)
{
    uint64_t reached = bar->done < bar->total ? bar->done : bar->total;
    size_t filled = (size_t)((double)inner * (double)reached / (double)bar->total);
    buf_adds(out, "  [");
    for (size_t i = 0; i < inner; i++)
        buf_addc(out, i < filled ? '#' : '-');
    buf_addc(out, ']');
}

void progress_bar_write(const struct progress_bar *bar, size_t columns, struct buf *out)
{
    struct pieces p = make_pieces(bar);
    struct slice name = slice_str(bar->what);
    const char *const pieces[] = {p.share, p.size, p.rate, p.left};
    size_t wanted = utf8_columns(name) < NAME_MOST ? utf8_columns(name) : NAME_MOST, shown = 0, used = 0;
    // A short name counts for more than the rate; of a long one half may go.
    size_t least = wanted < NAME_MOST / 2 ? wanted : NAME_MOST / 2;
    while (shown < sizeof pieces / sizeof pieces[0] && least + used + strlen(pieces[shown]) <= columns)
        used += strlen(pieces[shown++]);
    size_t room = columns - used < wanted ? columns - used : wanted;
    size_t taken = add_name(name, room, out), rest = columns - used - taken;
    if (bar->total != 0 && rest >= BAR_LEAST + 4)
        add_bar(bar, rest - 4 < BAR_MOST ? rest - 4 : BAR_MOST, out);
    for (size_t i = 0; i < shown; i++)
        buf_adds(out, pieces[i]);
}
