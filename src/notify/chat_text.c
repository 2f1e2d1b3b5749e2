#include "notify/chat_text.h"

#include "base/json.h"
#include "base/utf8.h"

#define LAYERS_SHOWN 3
#define FLAWS_SHOWN  4
#define NAME_BYTES   120
#define DIGEST_SHOWN 19 // enough to tell layers apart

// ---- Slack ----------------------------------------------------------------------------------------------------------

// Slack's mrkdwn: '&', '<' and '>' are escaped, after which no mention and no link is left; what formats is kept from
// it by standing in a code span, which a backquote would end.
static void slack_text(struct buf *out, struct slice text)
{
    buf_addc(out, '`');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '&')
            buf_adds(out, "&amp;");
        else if (c == '<')
            buf_adds(out, "&lt;");
        else if (c == '>')
            buf_adds(out, "&gt;");
        else
            buf_addc(out, c == '`' ? '\'' : c);
    }
    buf_addc(out, '`');
}

// A URL in which what would end the link is percent-encoded.
static void add_url(struct buf *out, struct slice url)
{
    for (size_t i = 0; i < url.n; i++) {
        unsigned char c = (unsigned char)url.p[i];
        if (c <= ' ' || c >= 0x7f || strchr("<>|()[]\\\"`*", c) != NULL)
            buf_addf(out, "%%%02X", c);
        else
            buf_addc(out, (char)c);
    }
}

static void slack_link(struct buf *out, struct slice url, const char *words)
{
    buf_addc(out, '<');
    add_url(out, url);
    buf_addf(out, "|%s>", words);
}

static void text_payload(struct slice lines, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "text", lines);
    json_write(doc, false, out);
}

// ---- Mattermost -----------------------------------------------------------------------------------------------------

// Markdown: in a code span nothing is a mention, a link or HTML.
static void mattermost_text(struct buf *out, struct slice text)
{
    buf_addc(out, '`');
    for (size_t i = 0; i < text.n; i++)
        buf_addc(out, text.p[i] == '`' ? '\'' : text.p[i]);
    buf_addc(out, '`');
}

static void markdown_link(struct buf *out, struct slice url, const char *words)
{
    buf_addf(out, "[%s](", words);
    add_url(out, url);
    buf_addc(out, ')');
}

// ---- Teams ----------------------------------------------------------------------------------------------------------

// The subset of Markdown that an adaptive card's TextBlock has, in which there are no code spans: what would format has
// a backslash in front. A date or time function, "{{DATE(…)}}", is kept from being one likewise.
static void teams_text(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (strchr("\\`*_{}[]()<>#+-.!|~&@", text.p[i]) != NULL)
            buf_addc(out, '\\');
        buf_addc(out, text.p[i]);
    }
}

// A TextBlock for each line: it does not keep line ends.
static void teams_payload(struct slice lines, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "type", SLICE("message"));
    yyjson_mut_val *attachment = yyjson_mut_arr_add_obj(doc, json_add_arr(doc, root, "attachments"));
    json_add_str(doc, attachment, "contentType", SLICE("application/vnd.microsoft.card.adaptive"));
    yyjson_mut_val *card = json_add_obj(doc, attachment, "content");
    json_add_str(doc, card, "$schema", SLICE("http://adaptivecards.io/schemas/adaptive-card.json"));
    json_add_str(doc, card, "type", SLICE("AdaptiveCard"));
    json_add_str(doc, card, "version", SLICE("1.4"));
    yyjson_mut_val *body = json_add_arr(doc, card, "body");
    struct slice line;
    while (slice_next_line(&lines, &line)) {
        yyjson_mut_val *block = yyjson_mut_arr_add_obj(doc, body);
        json_add_str(doc, block, "type", SLICE("TextBlock"));
        json_add_str(doc, block, "text", line);
        yyjson_mut_obj_add_bool(doc, block, "wrap", true);
    }
    json_write(doc, false, out);
}

// ---- the message ----------------------------------------------------------------------------------------------------

static const struct chat_style styles[] = {
    {"slack", "*", slack_text, slack_link, text_payload},
    {"mattermost", "**", mattermost_text, markdown_link, text_payload},
    {"teams", "**", teams_text, markdown_link, teams_payload},
};

const struct chat_style *chat_style_named(struct slice name)
{
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++)
        if (slice_eq(name, slice_str(styles[i].name)))
            return &styles[i];
    return NULL;
}

static void add_name(const struct chat_style *style, struct buf *out, struct slice text)
{
    struct arena a ARENA_AUTO = {0};
    style->text(out, utf8_plain(&a, utf8_shorten(&a, text, NAME_BYTES)));
}

static void add_flaw(const struct chat_style *style, struct buf *out, const struct summary_flaw *flaw)
{
    buf_addf(out, "- %s ", severity_name(flaw->severity));
    add_name(style, out, slice_str(flaw->vulnerability));
    buf_adds(out, flaw->exploited ? " (known to be exploited) in " : " in ");
    add_name(style, out, slice_str(flaw->package));
    buf_addc(out, ' ');
    if (flaw->version[0] != '\0')
        add_name(style, out, slice_str(flaw->version));
    if (flaw->fixed_in[0] != '\0') {
        buf_adds(out, ", fixed in ");
        add_name(style, out, slice_str(flaw->fixed_in));
    } else {
        buf_adds(out, ", no fix is known");
    }
    if (flaw->link[0] != '\0') {
        buf_adds(out, " ");
        style->link(out, slice_str(flaw->link), "details");
    }
    buf_addc(out, '\n');
}

static void add_layer(const struct chat_style *style, struct buf *out, const struct summary_layer *layer)
{
    size_t n = layer->flaws_shown < FLAWS_SHOWN ? layer->flaws_shown : FLAWS_SHOWN;
    struct slice digest = layer->digest.text[0] != '\0' ? digest_slice(&layer->digest) : SLICE("(not known)");
    buf_adds(out, "Layer ");
    add_name(style, out, slice_of(digest.p, digest.n < DIGEST_SHOWN ? digest.n : DIGEST_SHOWN));
    buf_addf(out, " brought %llu into %llu image%s", (unsigned long long)layer->flaws_n,
             (unsigned long long)layer->images_n, layer->images_n == 1 ? "" : "s");
    if (layer->images_shown != 0 && layer->images[0].names_n != 0) {
        buf_adds(out, layer->images_n == 1 ? ", " : ", one is ");
        add_name(style, out, slice_str(layer->images[0].names[0].text));
    }
    buf_adds(out, ":\n");
    for (size_t i = 0; i < n; i++)
        add_flaw(style, out, &layer->flaws[i]);
    if (layer->flaws_n > n)
        buf_addf(out, "- and %llu more\n", (unsigned long long)(layer->flaws_n - n));
}

static void add_counts(const struct chat_style *style, struct buf *out, const struct notice *notice,
                       const struct summary *summary)
{
    static const char *const words[] = {"new", "changed", "gone"};
    struct arena a ARENA_AUTO = {0};
    const char *between = "";
    buf_adds(out, style->bold);
    for (int reason = 0; reason < SUMMARY_REASONS; reason++) {
        if (summary_count(summary, (enum notice_reason)reason) == 0)
            continue;
        buf_addf(out, "%s%.*s %s", between, SLICE_ARG(summary_counts_text(&a, summary, (enum notice_reason)reason)),
                 words[reason]);
        between = "; ";
    }
    buf_addf(out, "%s in %llu image%s, by the feed ", style->bold, (unsigned long long)notice->images,
             notice->images == 1 ? "" : "s");
    add_name(style, out, notice->feed);
    if (!summary->complete)
        buf_addf(out, " (of the first %llu of %llu findings)", (unsigned long long)summary->items,
                 (unsigned long long)notice->items);
    buf_addc(out, '\n');
}

void chat_write(const struct chat_style *style, const struct notice *notice, struct slice callback,
                const struct summary *summary, struct buf *out)
{
    struct buf lines BUF_AUTO = {0};
    size_t n = summary->layers_n < LAYERS_SHOWN ? summary->layers_n : LAYERS_SHOWN;
    uint64_t more = summary->layers_more + (summary->layers_n - n);
    add_counts(style, &lines, notice, summary);
    for (size_t i = 0; i < n; i++)
        add_layer(style, &lines, &summary->layers[i]);
    if (more != 0)
        buf_addf(&lines, "and %llu more layer%s\n", (unsigned long long)more, more == 1 ? "" : "s");
    if (callback.n != 0) {
        style->link(&lines, callback, "All of it");
        buf_addc(&lines, '\n');
    }
    style->payload(buf_slice(&lines), out);
}
