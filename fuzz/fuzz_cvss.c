// CVSS vectors: scores within their bounds, one line of error, and the same answer whatever the order of the metrics.
#include "fuzz.h"

#include "base/buf.h"
#include "enrich/cvss.h"

// The vector with its first metric moved to its end.
static struct slice turned(struct slice vector, struct buf *out)
{
    struct slice head = {0}, first, rest;
    if (slice_starts(vector, SLICE("CVSS:")))
        head = slice_of(vector.p, sizeof "CVSS:3.1/" - 1);
    slice_cut(slice_from(vector, head.n), '/', &first, &rest);
    buf_add(out, head);
    buf_add(out, rest);
    buf_add(out, SLICE("/"));
    buf_add(out, first);
    return buf_slice(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice vector = slice_of((const char *)data, size);
    struct cvss c, other;
    struct error err = {0};
    if (!cvss_parse(vector, &c, &err)) {
        if (err.code == ERR_NONE || err.text[0] == '\0')
            abort();
        return 0;
    }
    int base = cvss_base_score(&c), score = cvss_score(&c);
    if (base < 0 || base > 100 || score < 0 || score > 100)
        abort();
    cvss_severity_name(cvss_severity(c.version, score));
    if (slice_starts(vector, SLICE("(")))
        return 0;
    struct buf text BUF_AUTO = {0};
    if (!cvss_parse(turned(vector, &text), &other, &err) || memcmp(&other, &c, sizeof c) != 0)
        abort();
    return 0;
}
