// Pages for man(1), in the man(7) macros: what groff and mandoc both take without a warning.
#pragma once

#include "base/buf.h"

// The head of a page: "clarion-scan", '1', "find the known vulnerabilities in container images".
void roff_page(struct buf *out, const char *name, char section, const char *summary);

void roff_section(struct buf *out, const char *title);

// Text as it stands, whatever is in it. `bold` for what is typed as it is written.
void roff_text(struct buf *out, struct slice text);
void roff_bold(struct buf *out, struct slice text);

// An entry of a list: `term` in bold, `value` behind it in italics unless it is empty, and the text.
void roff_entry(struct buf *out, struct slice term, struct slice value, const char *text);

// The further text of --help: lines are filled to paragraphs; those that begin with two blanks are a list, whose text
// stands behind two blanks or more, or on deeper lines.
void roff_details(struct buf *out, const char *details);

// "clarion-scan(1), clarion.yaml(5)": adds one, with a comma when another follows.
void roff_reference(struct buf *out, const char *name, char section, bool more);
