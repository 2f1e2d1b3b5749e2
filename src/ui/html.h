// Pieces of HTML that pages are put together of. All of them append; a slice is foreign text and is escaped, a `const
// char *` is our own and may hold markup where the function says so.
#pragma once

#include "base/buf.h"
#include "base/markup.h"
#include "match/report.h"

// "1,234,567"
void html_number(struct buf *out, uint64_t n);

// "1,234 images": the word in its plural where it must be, by an "s".
void html_count(struct buf *out, uint64_t n, const char *word);

// <td>text</td>; with a class unless that is NULL.
void html_cell(struct buf *out, const char *class, struct slice text);
void html_number_cell(struct buf *out, uint64_t n);

// The severity as a coloured word. Its colour says nothing that the word does not.
void html_severity(struct buf *out, enum severity severity);

// <time> with the moment in UTC; "never" for 0.
void html_time(struct buf *out, int64_t when);

// "3 hours ago"; "never" for 0.
void html_age(struct buf *out, int64_t then, int64_t now);

// A table that scrolls sideways where it must, also by the keyboard: `label` names that region and `caption` the table.
// `headings` end with NULL; a '#' in front is of a column of numbers. Behind it come rows, and HTML_TABLE_END.
void html_table_begin(struct buf *out, const char *label, const char *caption, const char *const *headings);
#define HTML_TABLE_END "</tbody></table></div>\n"

// A link to elsewhere where it is one of http or https, else the text alone. `text` empty: the URL's own.
void html_external(struct buf *out, struct slice url, struct slice text);

// All of a blank-separated list of links, at most `most`, the rest counted.
void html_externals(struct buf *out, struct slice urls, size_t most);

// The first digits of a digest, all of them as its title.
void html_digest(struct buf *out, struct slice digest);

// href="ROOT PATH ID" of a page of ours, percent-encoded: `<a href="../vulnerabilities/CVE-2014-0160">text</a>`.
void html_link(struct buf *out, const char *root, const char *path, struct slice id, struct slice text);

// "9.8" of tenths, and "94.3%" of millionths.
void html_score(struct buf *out, int tenths);
void html_percent(struct buf *out, uint32_t millionths);

// What is known of a CVSS vector: the score, its version, who gave it, and the vector.
void html_rating(struct buf *out, const struct report_rating *rating);

// "KEV", when it is in CISA's catalogue.
void html_exploited(struct buf *out, bool exploited);

// <option value="V" selected>Text</option>
void html_option(struct buf *out, const char *value, const char *text, bool selected);

// A bar of the shares of each severity, as SVG with a description; nothing when all are 0.
void html_severity_bar(struct buf *out, const uint64_t counts[static SEVERITY_CRITICAL + 1]);

// The counts as a list: each its word and number; nothing when all are 0. `href` not NULL: the start of a link to which
// the severity's name in lower case is appended.
void html_severity_list(struct buf *out, const uint64_t counts[static SEVERITY_CRITICAL + 1], const char *href);

// A severity's name in lower case, as addresses and classes have it.
const char *html_severity_word(enum severity severity);

// The page of a list that is held whole: `page` from 0 on, of `per` items each. One behind the last says so.
struct html_pages {
    uint64_t total, page, per;
    const char *name;   // of the parameter that has the page
    struct slice query; // of the other parameters, "&name=value" each, encoded already
    const char *path;   // of the page, relative
};
void html_pager(struct buf *out, const struct html_pages *pages);
