// Reads XML element by element, without ever holding the document.
#pragma once

#include "base/limits.h"
#include "base/reader.h"

struct xml_attribute {
    struct slice name, value;
};

// Names are local ones: "red-def:rpminfo_test" is "rpminfo_test". What stands in an element is gone with the call.
struct xml_element {
    struct slice name;
    const struct xml_attribute *attributes;
    size_t attributes_n;
    size_t depth; // 1: the root
};

// Empty when there is none.
struct slice xml_attribute(const struct xml_element *element, const char *name);

struct xml_handler {
    bool (*begin)(void *context, const struct xml_element *element, struct error *err);
    // `text` is what stands in the element behind the last one in it, without blanks at its ends; valid UTF-8.
    bool (*end)(void *context, const struct xml_element *element, struct slice text, struct error *err);
};

// Reads a document to its end, and the stream to its end. False with ERR_FORMAT (line and column) for what is no
// well-formed XML, is cut short, or declares a document type: entities are declared there, and no feed has any.
// ERR_LIMIT over limits.xml_depth and xml_text_bytes, and what the handler says.
bool xml_read(struct reader *r, const struct limits *limits, const struct xml_handler *handler, void *context,
              struct error *err);
