// FIRST's Exploit Prediction Scoring System: for each CVE how likely it is to be exploited within thirty days.
//
// Form: https://www.first.org/epss/data_stats: CSV, one file a day. A first line "#model_version:v2025.03.14,
// score_date:2026-08-22T00:00:00+0000", the heading "cve,epss,percentile", then a line for each CVE with two numbers
// from 0 to 1.
#include "advisory/enrichments.h"
#include "advisory/mapping.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "feed/feed.h"

#include <stdio.h>

// ---- numbers --------------------------------------------------------------------------------------------------------

#define DIGITS 6 // of a millionth; the files have five

// "0.00043", "1", "4.3e-04": a number from 0 to 1 in millionths, what is smaller cut off. False for anything else.
static bool read_share(struct slice text, uint32_t *share)
{
    struct slice number, power, whole, fraction;
    uint64_t value = 0, shift = 0;
    bool scaled = slice_cut(text, 'e', &number, &power) || slice_cut(text, 'E', &number, &power);
    if (scaled && (power.n < 2 || power.p[0] != '-' || !slice_to_u64(slice_from(power, 1), &shift)))
        return false;
    bool point = slice_cut(number, '.', &whole, &fraction);
    if (!slice_to_u64(whole, &value) || value > 9 || (point && fraction.n == 0))
        return false;
    for (size_t i = 0; i < DIGITS || i < fraction.n; i++) {
        char c = i < fraction.n ? fraction.p[i] : '0';
        if (c < '0' || c > '9')
            return false;
        if (i < DIGITS)
            value = value * 10 + (uint64_t)(c - '0');
    }
    for (; shift > 0 && value > 0; shift--)
        value /= 10;
    *share = (uint32_t)value;
    return value <= ENRICHMENT_EPSS_UNIT;
}

// ---- lines ----------------------------------------------------------------------------------------------------------

static bool add(struct feed_input *input, struct slice key, struct slice text, struct slice label, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct advisory record =
        mapping_record(&scratch, SLICE(ENRICHMENT_EPSS), key, (struct mapping_value){.text = text, .label = label});
    return feed_add(input, &record, err);
}

// "#model_version:v2025.03.14,score_date:2026-08-22T00:00:00+0000"
static bool take_model(struct feed_input *input, struct slice line, struct error *err)
{
    struct slice field, rest = slice_from(line, 1), key, value, model = {0}, date = {0};
    while (rest.n != 0) {
        slice_cut(rest, ',', &field, &rest);
        slice_cut(slice_trim(field), ':', &key, &value);
        if (slice_eq(key, SLICE("model_version")))
            model = value;
        else if (slice_eq(key, SLICE("score_date")))
            date = value;
    }
    if (!slice_starts(line, SLICE("#")) || model.n == 0 || date.n == 0 || !utf8_valid(line))
        return error_set(err, ERR_FORMAT, "the first line does not tell the model's version and the scores' date");
    return add(input, SLICE(ENRICHMENT_EPSS_MODEL), date, model, err);
}

static bool take_row(struct feed_input *input, struct slice line, struct error *err)
{
    struct slice cve, rest, probability, percentile;
    uint32_t shares[2];
    char text[32];
    slice_cut(line, ',', &cve, &rest);
    slice_cut(rest, ',', &probability, &percentile);
    if (!slice_starts(cve, SLICE("CVE-")) || !utf8_valid(cve) || !read_share(probability, &shares[0]) ||
        !read_share(percentile, &shares[1])) {
        struct advisory record = {.scope = SLICE(ENRICHMENT_EPSS), .vulnerability = cve};
        feed_leave_out(input, "is no line of a CVE and two numbers from 0 to 1", &record);
        return true;
    }
    int n = snprintf(text, sizeof text, "%u %u", shares[0], shares[1]);
    return add(input, cve, slice_of(text, (size_t)n), SLICE(""), err);
}

static bool take_line(struct feed_input *input, struct slice line, uint64_t number, struct error *err)
{
    line = slice_trim(line);
    if (number == 1)
        return take_model(input, line, err);
    if (number == 2)
        return slice_eq(line, SLICE("cve,epss,percentile")) ||
               error_set(err, ERR_FORMAT, "line 2 is not \"cve,epss,percentile\"");
    return line.n == 0 || take_row(input, line, err);
}

// Lines across chunks.
struct lines {
    struct buf begun; // of a line that goes on in the next chunk
    uint64_t number;  // of the last one taken
};

static bool end_line(struct lines *l, struct feed_input *input, struct error *err)
{
    l->number++;
    bool ok = take_line(input, buf_slice(&l->begun), l->number, err) ||
              error_wrap(err, "line %llu", (unsigned long long)l->number);
    l->begun.n = 0;
    return ok;
}

static bool take_chunk(struct lines *l, struct feed_input *input, struct slice chunk, struct error *err)
{
    while (chunk.n != 0) {
        struct slice part;
        bool ended = slice_cut(chunk, '\n', &part, &chunk);
        if (l->begun.n + part.n > input->limits->field_bytes)
            return error_set(err, ERR_LIMIT, "line %llu has more than %llu bytes (limit field_bytes)",
                             (unsigned long long)l->number + 1, (unsigned long long)input->limits->field_bytes);
        buf_add(&l->begun, part);
        if (ended && !end_line(l, input, err))
            return false;
    }
    return true;
}

static bool take_lines(struct lines *l, struct feed_input *input, struct error *err)
{
    for (;;) {
        struct slice chunk;
        if (!reader_next(input->body, &chunk, err))
            return false;
        if (chunk.n == 0)
            break;
        if (!take_chunk(l, input, chunk, err))
            return false;
    }
    if (l->begun.n != 0 && !end_line(l, input, err))
        return false;
    return l->number >= 2 || error_set(err, ERR_FORMAT, "it is cut short: no heading in it");
}

static bool parse(struct feed_input *input, struct error *err)
{
    struct lines lines = {0};
    segment_add_scope(input->builder, SLICE(ENRICHMENT_EPSS));
    bool ok = take_lines(&lines, input, err);
    buf_free(&lines.begun);
    return ok;
}

// ---- the feed -------------------------------------------------------------------------------------------------------

#define URL       "https://epss.cyentia.com/"
#define DAY       (24 * 3600)
#define RECENT    2   // days whose files are asked for by name before the one of no day
#define MOST_DAYS 366 // back: a mirror may hold an older file, and no newer one

static enum feed_answer ask_for(struct feed_run *run, int64_t when)
{
    char url[128], day[CLOCK_TEXT];
    clock_format(when, day);
    snprintf(url, sizeof url, URL "epss_scores-%.10s.csv.gz", day);
    return feed_source(run, url, SLICE(ENRICHMENT_EPSS));
}

// Today's file may not be there yet; the first that is there is the newest. One that fails is no reason to take an
// older one: its former records stay.
static bool update(struct feed_run *run, struct error *err)
{
    (void)err; // what the files met is the run's to tell
    int64_t now = clock_now();
    enum feed_answer answer = FEED_ABSENT;
    for (int day = 0; day < MOST_DAYS && answer == FEED_ABSENT; day++) {
        if (day == RECENT)
            answer = feed_source(run, URL "epss_scores-current.csv.gz", SLICE(ENRICHMENT_EPSS));
        if (answer == FEED_ABSENT)
            answer = ask_for(run, now - (int64_t)day * DAY);
    }
    return true;
}

const struct feed feed_epss = {
    .name = ENRICHMENT_EPSS,
    .title = "FIRST's exploit prediction scores",
    .url = URL,
    .version = 1,
    .parse = parse,
    .update = update,
};
