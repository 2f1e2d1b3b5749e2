// Foreign bytes as text of HTML 5 and XML 1.0 documents.
#pragma once

#include "base/buf.h"

// Appends `text` so that it is text, in an element or in a quoted attribute: what marks up is escaped; bytes that are
// not UTF-8, and characters that XML 1.0 (section 2.2) does not have, are U+FFFD; and so are the controls of writing
// direction, which would have a name read as another one.
void markup_add(struct buf *out, struct slice text);

// The same of a terminated string of our own.
void markup_adds(struct buf *out, const char *text);

// True for an absolute http or https URL: what may become a link. Others (javascript:, data:) stay text.
bool markup_is_link(struct slice url);
