// The header lines of HTTP that more than one reads (RFC 9110).
#pragma once

#include "base/arena.h"
#include "base/error.h"

// "Name: value" with that name, in any case: its value without blanks around it. The line's end may be there.
bool header_line(struct slice line, const char *name, struct slice *value);

// May these bytes stand in a header's value? Visible ASCII, blanks and bytes over 0x7f: no line's end, no control.
bool header_value_is_safe(struct slice value);

// Is it a header's name (5.1), and one that whoever names a URL may give? What frames a message, names its host, asks
// for a part of it or is between neighbours (7.2, 7.6.1, 8.6, 14.2) is for the client to say.
bool header_may_be_given(struct slice name);

// "Content-Range: bytes FIRST-LAST/TOTAL" (14.4).
struct content_range {
    uint64_t first, last;
    uint64_t total; // UINT64_MAX when the server does not know
};
bool content_range_parse(struct slice value, struct content_range *range);

// "Link: <TARGET>; rel="next"" (RFC 8288, 3): the first target that has this relation, as sent. False when none has.
bool link_next(struct slice value, struct arena *a, struct slice *target);

// What a server says of one state of a resource. Empty: nothing.
struct validators {
    struct slice etag;          // with its quotes
    struct slice last_modified; // as sent
    struct slice date;          // when it said so
};

// The one of them that promises the same bytes, to be sent as If-Range; empty when none does. A weak ETag does not
// (13.1.5), and a time of change only when the answer is younger than it: else the file may change once more within
// that second (8.8.2.2).
struct slice validators_strong(const struct validators *v);

// One challenge of a WWW-Authenticate header (11.6.1): "Bearer realm=…, service=…".
struct challenge {
    struct slice scheme;                       // as sent
    struct slice realm, service, scope, error; // unquoted; empty when absent
};

// Takes the first challenge off `rest`, which is the value of one header. What cannot be read as a challenge is passed
// over. False at the end. Slices live in the arena.
bool challenge_next(struct slice *rest, struct arena *a, struct challenge *challenge);
