#include "notify/mail_text.h"

#include "base/utf8.h"

#include <stdio.h>
#include <time.h>

#define LINE_COLUMNS 78 // of a header
#define BODY_COLUMNS 76 // of quoted-printable (RFC 2045, 6.7)
#define WORD_BYTES   42 // that an encoded word has room for as base64, within its 75 (RFC 2047, 2)

// ---- addresses ------------------------------------------------------------------------------------------------------

static struct slice address_of(struct slice mailbox)
{
    ptrdiff_t open = slice_rfind(mailbox, '<');
    if (open < 0 || !slice_ends(mailbox, SLICE(">")))
        return mailbox;
    return slice_of(mailbox.p + open + 1, mailbox.n - (size_t)open - 2);
}

struct slice mail_address(struct arena *a, struct slice mailbox)
{
    return arena_dup(a, address_of(mailbox));
}

bool mail_mailbox_valid(struct slice mailbox)
{
    struct slice address = address_of(mailbox), name = slice_of(mailbox.p, (size_t)(address.p - mailbox.p));
    for (size_t i = 0; i < mailbox.n; i++)
        if (mailbox.p[i] < 0x20 || mailbox.p[i] > 0x7e)
            return false;
    for (size_t i = 0; i < address.n; i++)
        if (strchr(" <>\"(),:;\\", address.p[i]) != NULL)
            return false;
    ptrdiff_t at = slice_rfind(address, '@');
    return at > 0 && (size_t)at + 1 < address.n && address.n <= 254 && name.n <= 200 && slice_find(name, ',') < 0 &&
           slice_find(name, '@') < 0;
}

// ---- headers --------------------------------------------------------------------------------------------------------

static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] > 0x7e)
            return false;
    return text.n < 200 && slice_find_slice(text, SLICE("=?")) < 0;
}

static void add_base64(struct slice s, struct buf *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t bits = 0;
        for (size_t j = i; j < i + 3; j++)
            bits = bits << 8 | (j < s.n ? (unsigned char)s.p[j] : 0);
        for (size_t j = 0; j < 4; j++)
            buf_addc(out, i + j > s.n ? '=' : letters[bits >> (18 - 6 * j) & 63]);
    }
}

// Words behind what stands in `column` columns already, on as many lines as they need (RFC 5322, 2.2.3).
static void add_folded(struct buf *out, size_t column, struct slice text)
{
    struct slice word;
    while (text.n != 0) {
        slice_cut(text, ' ', &word, &text);
        bool fits = column + 1 + word.n <= LINE_COLUMNS;
        buf_adds(out, fits ? " " : "\r\n ");
        buf_add(out, word);
        column = (fits ? column : 0) + 1 + word.n;
    }
}

// A header's text; as encoded words where it is not ASCII. No character is cut in two, as 5. (3) of RFC 2047 wants.
static void add_header(struct buf *out, const char *name, struct slice text)
{
    buf_addf(out, "%s:", name);
    if (is_plain(text)) {
        add_folded(out, strlen(name) + 1, text);
        text.n = 0;
    }
    for (size_t words = 0; text.n != 0; words++) {
        size_t n = 0;
        struct slice rest = text;
        while (rest.n != 0) {
            utf8_take(&rest);
            if (text.n - rest.n > WORD_BYTES)
                break;
            n = text.n - rest.n;
        }
        buf_adds(out, words != 0 ? "\r\n =?UTF-8?B?" : " =?UTF-8?B?");
        add_base64(slice_of(text.p, n), out);
        buf_adds(out, "?=");
        text = slice_from(text, n);
    }
    buf_adds(out, "\r\n");
}

static void add_recipients(struct buf *out, const struct slices *to)
{
    for (size_t i = 0; i < to->n; i++) {
        buf_adds(out, i == 0 ? "To: " : ",\r\n ");
        buf_add(out, to->v[i]);
    }
    buf_adds(out, "\r\n");
}

// RFC 5322, 3.3, whose names of days and months are English ones, whatever the locale.
static void add_date(struct buf *out, int64_t now)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)now;
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL)
        return;
    buf_addf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n", days + (size_t)tm.tm_wday * 3, tm.tm_mday,
             months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static struct slice subject_of(const struct mail_parts *m, struct arena *a)
{
    const struct summary *s = m->summary;
    enum notice_reason reason = summary_count(s, NOTICE_ADDED) != 0     ? NOTICE_ADDED
                                : summary_count(s, NOTICE_CHANGED) != 0 ? NOTICE_CHANGED
                                                                        : NOTICE_REMOVED;
    static const char *const words[] = {"new", "changed", "gone"};
    return arena_printf(a, "[Clarion] %.*s %s in %llu image%s (%.*s)", SLICE_ARG(summary_counts_text(a, s, reason)),
                        words[reason], (unsigned long long)m->notice->images, m->notice->images == 1 ? "" : "s",
                        SLICE_ARG(utf8_plain(a, m->notice->feed)));
}

// The id is of Clarion's own store; what cannot stand between the brackets is left out all the same.
static void add_message_id(struct buf *out, const struct mail_parts *m)
{
    struct slice address = address_of(m->from), id = m->notice->id;
    ptrdiff_t at = slice_rfind(address, '@');
    buf_adds(out, "Message-ID: <");
    for (size_t i = 0; i < id.n; i++)
        if ((id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] >= 'a' && id.p[i] <= 'z') || id.p[i] == '-')
            buf_addc(out, id.p[i]);
    buf_adds(out, ".clarion@");
    buf_add(out, slice_from(address, (size_t)(at + 1)));
    buf_adds(out, ">\r\n");
}

// ---- the text -------------------------------------------------------------------------------------------------------

static void add_image(struct buf *out, const struct summary_image *image)
{
    buf_adds(out, " ");
    for (size_t i = 0; i < image->names_n; i++)
        buf_addf(out, " %s", image->names[i].text);
    if (image->names_more != 0)
        buf_addf(out, " (and %llu more names)", (unsigned long long)image->names_more);
    buf_addf(out, " %s\n", image->manifest.text);
}

static void add_layer(struct buf *out, const struct summary_layer *layer)
{
    buf_addf(out, "\nLayer %s\nbrought %llu of them into %llu image%s:\n\n",
             layer->digest.text[0] != '\0' ? layer->digest.text : "(not known)", (unsigned long long)layer->flaws_n,
             (unsigned long long)layer->images_n, layer->images_n == 1 ? "" : "s");
    for (size_t i = 0; i < layer->flaws_shown; i++) {
        const struct summary_flaw *f = &layer->flaws[i];
        buf_addf(out, "  %-10s %s%s%s\n", severity_name(f->severity), f->vulnerability,
                 f->exploited ? " (known to be exploited)" : "", f->reason == NOTICE_CHANGED ? " (changed)" : "");
        buf_addf(out, "             %s %s", f->package, f->version);
        if (f->fixed_in[0] != '\0')
            buf_addf(out, ", fixed in %s\n", f->fixed_in);
        else
            buf_adds(out, ", no fix is known\n");
        if (f->link[0] != '\0')
            buf_addf(out, "             %s\n", f->link);
    }
    if (layer->flaws_n > layer->flaws_shown)
        buf_addf(out, "  ... and %llu more\n", (unsigned long long)(layer->flaws_n - layer->flaws_shown));
    buf_adds(out, "\n  in\n");
    for (size_t i = 0; i < layer->images_shown; i++)
        add_image(out, &layer->images[i]);
    if (layer->images_n > layer->images_shown)
        buf_addf(out, "  ... and %llu more\n", (unsigned long long)(layer->images_n - layer->images_shown));
}

static void add_text(const struct mail_parts *m, struct arena *a, struct buf *out)
{
    static const char *const titles[] = {"New:     ", "Changed: ", "Gone:    "};
    const struct summary *s = m->summary;
    buf_addf(out, "An update of the feed %.*s changed what is known of %llu image%s.\n\n",
             SLICE_ARG(utf8_plain(a, m->notice->feed)), (unsigned long long)m->notice->images,
             m->notice->images == 1 ? "" : "s");
    for (int reason = 0; reason < SUMMARY_REASONS; reason++)
        if (summary_count(s, (enum notice_reason)reason) != 0)
            buf_addf(out, "  %s%.*s\n", titles[reason],
                     SLICE_ARG(summary_counts_text(a, s, (enum notice_reason)reason)));
    if (!s->complete)
        buf_addf(out, "  (of the first %llu of its %llu findings: limit summary_items)\n", (unsigned long long)s->items,
                 (unsigned long long)m->notice->items);
    for (size_t i = 0; i < s->layers_n; i++)
        add_layer(out, &s->layers[i]);
    if (s->layers_more != 0)
        buf_addf(out, "\n... and %llu more layers\n", (unsigned long long)s->layers_more);
    if (m->callback.n != 0) {
        buf_adds(out, "\nAll of it, page by page: ");
        buf_add(out, utf8_plain(a, m->callback));
        buf_addc(out, '\n');
    }
}

// RFC 2045, 6.7. A blank at a line's end, and a '.' or "From " at its start, which mail programs change, are encoded
// too.
static void add_quoted(struct slice text, struct buf *out)
{
    struct slice line;
    while (slice_next_line(&text, &line)) {
        size_t column = 0;
        for (size_t i = 0; i < line.n; i++) {
            char c = line.p[i];
            bool first = i == 0 && (c == '.' || c == 'F'), last = i + 1 == line.n && c == ' ';
            bool plain = c >= 0x20 && c <= 0x7e && c != '=' && !first && !last;
            if (column + (plain ? 1 : 3) > BODY_COLUMNS - 1) {
                buf_adds(out, "=\r\n");
                column = 0;
            }
            if (plain)
                buf_addc(out, c);
            else
                buf_addf(out, "=%02X", (unsigned)(unsigned char)c);
            column += plain ? 1 : 3;
        }
        buf_adds(out, "\r\n");
    }
}

void mail_write(const struct mail_parts *m, struct buf *out)
{
    struct arena a ARENA_AUTO = {0};
    struct buf text BUF_AUTO = {0};
    add_date(out, m->now);
    buf_adds(out, "From: ");
    buf_add(out, m->from);
    buf_adds(out, "\r\n");
    add_recipients(out, &m->to);
    add_header(out, "Subject", subject_of(m, &a));
    add_message_id(out, m);
    buf_adds(out, "Auto-Submitted: auto-generated\r\n" // RFC 3834: nobody's holiday answers this
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    add_text(m, &a, &text);
    add_quoted(buf_slice(&text), out);
}
